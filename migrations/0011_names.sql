-- People are found without regard to accents and ё, and a new username must not look like another one.
--
-- The indexes replace users_username_prefix and users_searched, which the version before uses: a later migration drops
-- those two.

-- Text as people look for it: without case, accents and the dots of ё. й stays a letter of its own. An index is made of
-- what this answers: to change it, make a function of another name, and an index of that one.
CREATE FUNCTION folded(typed text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(
        replace(replace(replace(replace(
            normalize(replace(lower(normalize(typed, NFKC)), 'й', U&'\E000'), NFKD),
        'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
        -- Letters with a stroke have no accent to take off; what follows them are the combining marks.
        U&'\00F8\0142\0111\0127\0167\00F0\0131\0140\0491\E000'
        '\0300\0301\0302\0303\0304\0305\0306\0307\0308\0309\030A\030B\030C\030D\030E\030F\0310\0311\0312'
        '\0313\0314\0315\0316\0317\0318\0319\031A\031B\031C\031D\031E\031F\0320\0321\0322\0323\0324\0325'
        '\0326\0327\0328\0329\032A\032B\032C\032D\032E\032F\0330\0331\0332\0333\0334\0335\0336\0337\0338'
        '\0339\033A\033B\033C\033D\033E\033F\0340\0341\0342\0343\0344\0345\0346\0347\0348\0349\034A\034B'
        '\034C\034D\034E\034F\0350\0351\0352\0353\0354\0355\0356\0357\0358\0359\035A\035B\035C\035D\035E'
        '\035F\0360\0361\0362\0363\0364\0365\0366\0367\0368\0369\036A\036B\036C\036D\036E\036F',
        U&'oldhtdil\0433\0439'
    );

-- What a username looks like: two names of the same skeleton can be taken for each other. The letters are those whose
-- skeleton by UTS #39 is a Latin letter or a digit, in lower or in upper case (ICU 78.3, Unicode 17). An index is made of
-- what this answers: to change it, make a function of another name, and an index of that one.
CREATE FUNCTION name_skeleton(username text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN replace(replace(translate(
        lower(normalize(username, NFKC)),
        U&'01\00FE\0131\0185\018D\0192\01A8\01BD\01BF\01C0\021D\0223\0251\025C\0261\0263\0269\026A\026F'
        '\0280\028B\028F\0292\029D\03B1\03B2\03B3\03B5\03B6\03B7\03B9\03BA\03BC\03BD\03BF\03C1\03C3\03C4'
        '\03C5\03C7\03DD\03E9\03ED\03F3\03F8\03FB\0430\0431\0432\0433\0435\0437\043A\043C\043D\043E\0440'
        '\0441\0442\0443\0445\0448\044C\0455\0456\0458\0461\0475\04AF\04BB\04BD\04CF\04E1\0501\050D\051B'
        '\051D\0561\0563\0566\0570\0578\057C\057D\057F\0581\0582\0584\0585\05D5\05D8\05DF\05E1\0627\0647'
        '\0661\0665\0667\06BE\06C1\06D5\06F1\06F5\06F7\07C0\07CA\0966\0969\09E6\09EA\09ED\0A66\0A67\0A6A'
        '\0AE6\0AE9\0B20\0B66\0B68\0BE6\0C66\0CE6\0D1F\0D20\0D66\0D6D\0E50\0ED0\1004\101D\1040\105A\10E7'
        '\10FF\1200\12D0\13FB\13FC\142F\144C\146D\146F\1472\148D\14AA\14BF\1541\157C\157D\1587\15AF\15B4'
        '\15C5\15DE\15EA\15F0\15F7\16B7\16C1\16D5\16D6\17E0\1C80\1C82\1C83\1C84\1C85\1D04\1D0F\1D11\1D1C'
        '\1D20\1D21\1D22\1D26\1D83\1D8C\1E9D\1EFF\2C83\2C85\2C8F\2C93\2C95\2C99\2C9B\2C9D\2C9F\2CA3\2CA5'
        '\2CA7\2CA9\2CAD\2CBD\2CC5\2CCB\2CCD\2CCF\2CD1\2CD3\2CDD\2D38\2D39\2D4F\2D54\2D55\2D5D\3007\A4D0'
        '\A4D1\A4D2\A4D3\A4D4\A4D6\A4D7\A4D9\A4DA\A4DC\A4DD\A4DF\A4E0\A4E1\A4E2\A4E3\A4E6\A4E7\A4EA\A4EB'
        '\A4EC\A4EE\A4F0\A4F2\A4F3\A4F4\A645\A647\A6DF\A6EF\A731\A75B\A76B\A76F\A799\A79F\A7B5\AB32\AB35'
        '\AB3D\AB47\AB48\AB4E\AB52\AB53\AB5A\AB70\AB71\AB72\AB75\AB79\AB7A\AB7B\AB7C\AB81\AB83\AB87\AB8B'
        '\AB8D\AB90\AB92\AB93\AB9E\AB9F\ABA2\ABA4\ABA5\ABA9\ABAA\ABAE\ABAF\ABB2\ABB6\ABB7\ABBE',
        'olpibgf2spl38a3gyiiwruy3jabyezhikmvopotuxf2ojpma6bre3kmhopctyxwbsijwvyhel3dgqwwqqhnnusgifolvlolo'
        'lovooolovolo3o89o98o3oo9ooosoo9oocoocyouogbvupdbjl2xhxrbfaddmbxlkmobocttcoouvwzrgyfybrhikmn3opct'
        'yxw393pl66veloqxobpddtgkjczfmnlsrvhwxyaelou2iv2s239fubeforruuxydrtiyajerwmhyghz4brwsvslcpkd6'
    ), 'rn', 'm'), 'vv', 'w');

CREATE INDEX users_folded_username ON users (folded(username) text_pattern_ops, id);
CREATE INDEX users_folded ON users USING gin (folded(searched) gin_trgm_ops);
-- Not unique: names that are there already stay.
CREATE INDEX users_skeleton ON users (name_skeleton(username));
