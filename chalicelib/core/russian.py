"""The sentences of errors in Russian, by their English ones. `tests/unit/test_wording.py` misses none.

What a number counts stands in the genitive: `{limit:символа|символов}` is `21 символа` and `5 символов`.
"""

from collections.abc import Mapping

RUSSIAN: Mapping[str, str] = {
    # Of a field; its name stands before it.
    "cannot be given together with {other}": "нельзя указывать вместе с {other}",
    "does not have the form that is needed here": "имеет не тот вид, который здесь нужен",
    "is not a cursor that this list has made": "такого курсора этот список не выдавал",
    "is not a known field": "такого поля нет",
    "is not of the type that is needed here": "имеет не тот тип, который здесь нужен",
    "is reserved: choose another name": "зарезервировано, выберите другое имя",
    "is required": "нужно указать",
    "is required where there is nothing else": "нужно указать, если больше ничего нет",
    "is required, or an email address in its place": "нужно указать имя или адрес электронной почты",
    "is required, or ids in its place": "нужно указать, или вместо него ids",
    "is required, or chatId in its place": "нужно указать, или вместо него chatId",
    "is required unless there is one other in the call": "нужно указать, если в звонке не один собеседник",
    "is required in a message of this type": "нужно указать в сообщении этого вида",
    "is required, or userId in its place": "нужно указать, или вместо него userId",
    "is too large a number": "слишком большое число",
    "must be 1 to 200 printable characters": "должно состоять из 1–200 печатных символов",
    "must be 3 to 32 letters, digits, underscores, dots and hyphens": (
        "должно состоять из 3–32 букв, цифр, подчёркиваний, точек и дефисов"
    ),
    "must be 3 or 4: Socket.IO 2, 3 and 4 are spoken here": "должно быть 3 или 4: здесь понимают Socket.IO 2, 3 и 4",
    "must be a language tag, such as ru or pt-BR": "должно быть обозначением языка, например ru или pt-BR",
    "must be a list": "должно быть списком",
    "must be a number": "должно быть числом",
    "must be a participant of the call": "должно быть участником звонка",
    "must be a time with a time zone, such as 2026-01-31T12:00:00Z": (
        "должно быть временем с часовым поясом, например 2026-01-31T12:00:00Z"
    ),
    "must be a time within the next {limit:day|days}": "должно быть временем в пределах ближайших {limit:дня|дней}",
    "must be a whole number": "должно быть целым числом",
    "must be a URL that an upload here has answered": "должно быть адресом, который здесь выдала загрузка файла",
    "must be a telephone number": "должно быть номером телефона",
    "must be among {other}": "должно быть среди {other}",
    "must be an email address": "должно быть адресом электронной почты",
    "must be an object": "должно быть объектом",
    "must be at least one minute and at most 365 days ahead": (
        "должно быть не раньше чем через минуту и не позже чем через 365 дней"
    ),
    "must be at least {limit}": "должно быть не меньше {limit}",
    "must be at most {limit}": "должно быть не больше {limit}",
    "must be ids, separated by commas": "должно состоять из номеров через запятую",
    "must be of image, video, audio, voice and file, separated by commas": (
        "должно состоять из image, video, audio, voice и file через запятую"
    ),
    "must be of one alphabet: its letters are of several": "должно быть на одном алфавите: в нём буквы нескольких",
    "must be later than {other}": "должно быть позже, чем {other}",
    "must be one argument": "нужен один аргумент",
    "must be one emoji": "должно быть одним эмодзи",
    "must be one of: {choices}": "должно быть одним из значений: {choices}",
    "must be text": "должно быть текстом",
    "must be true or false": "должно быть true или false",
    "must be a URL": "должно быть адресом URL",
    "must be a URL of a public host, by https on port 443": (
        "должно быть адресом URL общедоступного узла, по https на порту 443"
    ),
    "must be a URL as the browser's push service gives it": "должно быть адресом, который дала служба push браузера",
    "must be a URL of a public push service, by https": (
        "должно быть адресом общедоступной службы push, начиная с https"
    ),
    "must be a key as the browser gives it, in base64url": "должно быть ключом, который дал браузер, в base64url",
    "must be a time of the day, such as 22:30": "должно быть временем суток, например 22:30",
    "must be another time than start": "должно быть другим временем, чем start",
    "must be the name of a time zone, such as Europe/Berlin": (
        "должно быть названием часового пояса, например Europe/Berlin"
    ),
    "must be websocket on a WebSocket": "на WebSocket должно быть websocket",
    "must have a letter or a digit": "должно содержать букву или цифру",
    "must have a letter, a digit or an emoji": "должно содержать букву, цифру или эмодзи",
    "must have a visible character": "должно содержать хотя бы один видимый символ",
    "must have, with the content, at most {limit:character|characters} of captions": (
        "подписи вместе с текстом должны содержать не больше {limit:символа|символов}"
    ),
    "must have at least {limit:character|characters}": "должно содержать не меньше {limit:символа|символов}",
    "must have at least {limit:item|items}": "должно содержать не меньше {limit:элемента|элементов}",
    "must have at most {limit:character|characters}": "должно содержать не больше {limit:символа|символов}",
    "must have at most {limit:item|items}": "должно содержать не больше {limit:элемента|элементов}",
    "must have at most {most} bytes, and most letters that are not Latin take two": (
        "должно занимать не больше {most} байт, а почти каждая нелатинская буква занимает два"
    ),
    "must name one user in a private chat": "в личном чате нужно указать одного человека",
    "must not be above the chat's newest message": "не должно быть больше номера последнего сообщения чата",
    "must not be empty": "не должно быть пустым",
    "must not contain half of a character (a surrogate)": "не должно содержать половину символа (суррогат)",
    "must not contain the character U+0000": "не должно содержать символ U+0000",
    "must not name a chat twice": "не должно называть один чат дважды",
    "must not repeat an option": "не должно повторять вариант",
    "must not name a part twice": "не должно называть одну часть дважды",
    "must be the SHA-256 of the part in base64": "должно быть суммой SHA-256 этой части в base64",
    "must have arrived; {count:part is|parts are} missing: {numbers}": (
        "должны быть загружены; не хватает {count:части|частей}: {numbers}"
    ),
    "must not name an attachment twice": "не должно называть одно вложение дважды",
    # Of the whole request.
    "A file may have at most {most} bytes.": "Файл может занимать не больше {most} байт.",
    "A group keeps at least one owner": "В группе должен остаться хотя бы один владелец",
    "A message holds this file": "Этот файл вложен в сообщение",
    "A rule forbids this": "Это запрещено правилами",
    "Another device of yours is in this call": "В этом звонке уже участвует другое ваше устройство",
    "A service we need does not answer; try again": "Нужная служба не отвечает, попробуйте ещё раз",
    "A valid access token is needed": "Нужен действующий токен доступа",
    "Announce a file of more than {most} bytes by POST /uploads/multipart.": (
        "Файл больше {most} байт объявите через POST /uploads/multipart."
    ),
    "Announce larger files by POST /uploads and send them to the form that it answers.": (
        "Файлы большего размера объявите через POST /uploads и отправьте по форме из ответа."
    ),
    "An avatar must be a complete upload of yours: PNG, JPEG, GIF or WebP": (
        "Аватаром может быть только ваша завершённая загрузка: PNG, JPEG, GIF или WebP"
    ),
    "An attachment is not yours, or its upload is not complete": "Вложение не ваше, или его загрузка не завершена",
    "Binary data is not taken here; files go by POST /uploads.": (
        "Двоичные данные здесь не принимаются: файлы отправляют через POST /uploads."
    ),
    "Files of this type are not accepted": "Файлы этого типа не принимаются",
    "Files of this type can be sent as application/octet-stream only.": (
        "Файлы этого типа можно отправить только как application/octet-stream."
    ),
    "No more people can be in this call": "Больше людей в этом звонке быть не может",
    "No token was sent; log in first.": "Токен не отправлен, сначала войдите.",
    "One of you has blocked the other": "Один из вас заблокировал другого",
    "Only one option of this poll can be chosen": "В этом опросе можно выбрать только один вариант",
    "Only members of the chat can be mentioned": "Упомянуть можно только участников чата",
    "Something broke on our side": "У нас что-то сломалось",
    "The body could not be read": "Не удалось прочитать тело запроса",
    "The body has half of a character: an emoji was cut in two.": (
        "В теле запроса половина символа: эмодзи разрезан надвое."
    ),
    "The body is not a form in UTF-8.": "Тело запроса — не форма в кодировке UTF-8.",
    "The body is not valid JSON in UTF-8.": "Тело запроса — не JSON в кодировке UTF-8.",
    "The body must be application/json; files go by POST /upload.": (
        "Тело запроса должно быть application/json; файлы отправляйте через POST /upload."
    ),
    "The body must be application/json": "Тело запроса должно иметь тип application/json",
    "The chat changes too fast; try again.": "Чат меняется слишком быстро, попробуйте ещё раз.",
    "The file has not arrived yet": "Файл ещё не загружен",
    "The group is full": "В группе нет свободных мест",
    "The input is not valid": "Данные заполнены неверно",
    "The message that is replied to is not in this chat": "Сообщения, на которое вы отвечаете, нет в этом чате",
    "The name or the password is wrong": "Неверное имя или пароль",
    "The service keeps at least one admin: appoint another one first": (
        "У сервиса должен остаться хотя бы один администратор: сначала назначьте другого"
    ),
    "The stored file is not what was announced": "Загружен не тот файл, о котором было сказано",
    "The ticket was used already.": "Этот билет уже использован.",
    "A scanner has found this file harmful: it is gone": "Проверка признала этот файл опасным, он удалён",
    "The file is being looked at by a scanner": "Файл проверяется на вредоносное содержимое",
    "Parts of the file have not arrived": "Не все части файла загружены",
    "The parts of this upload are gone: announce the file again.": (
        "Частей этой загрузки больше нет: объявите файл заново."
    ),
    "This file is complete: it takes no more parts": "Файл загружен полностью и больше не принимает частей",
    "This file is not sent in parts: send it to the form that its announcement answered": (
        "Этот файл отправляют не частями, а по форме из ответа на его объявление"
    ),
    "The upload was not finished in time.": "Загрузка не была завершена вовремя.",
    "The {purpose} token has expired.": "Срок действия токена истёк ({purpose}).",
    "The {purpose} token is not valid.": "Токен недействителен ({purpose}).",
    "There is no action of this name: {name}.": "Нет действия с таким названием: {name}.",
    "There is no namespace {namespace}. Connect to the server's address with no path after it.": (
        "Нет пространства имён {namespace}. Подключайтесь к адресу сервера без пути после него."
    ),
    "The session has ended, or has changed to a WebSocket already: open another one.": (
        "Сеанс завершён или уже перешёл на WebSocket: откройте другой."
    ),
    "There is no such path, or it does not have this method.": "Такого пути нет, или у него нет этого метода.",
    "There is no such action": "Такого действия нет",
    "There is no such call.": "Такого звонка нет.",
    "There is no such device.": "Такого устройства нет.",
    "There is no such chat.": "Такого чата нет.",
    "There is no such invite.": "Такого приглашения нет.",
    "There is no such message that waits.": "Такого отложенного сообщения нет.",
    "There is no such message.": "Такого сообщения нет.",
    "There is no such thing here": "Здесь этого нет",
    "There is no such user": "Такого пользователя нет",
    "There is no such user.": "Такого пользователя нет.",
    "This Idempotency-Key came with another body": "Этот Idempotency-Key уже пришёл с другим телом запроса",
    "This call has ended": "Этот звонок завершён",
    "This device is not in the call": "Это устройство не участвует в звонке",
    "This can only be done in a group": "Это можно сделать только в группе",
    "This cannot be done to oneself": "С самим собой этого сделать нельзя",
    "This clientMessageId was used in another chat": "Этот clientMessageId уже использован в другом чате",
    "This connection is not registered; connect again.": "Соединение не зарегистрировано, подключитесь ещё раз.",
    "This contradicts what is stored": "Это противоречит сохранённым данным",
    "A verified address is changed by PUT /auth/email, which asks for the password": (
        "Подтверждённый адрес меняют через PUT /auth/email: там нужен пароль"
    ),
    "must not be one of the passwords that everybody tries": "не должно быть из паролей, которые пробуют первыми",
    "Send a code of your authenticator along, as code": "Пришлите и код из приложения, в поле code",
    "The code is wrong, or was used already": "Код неверный или уже использован",
    "The second factor is not on": "Второй фактор не включён",
    "This passkey was not accepted; try again, or use your password": (
        "Ключ доступа не принят, попробуйте ещё раз или войдите по паролю"
    ),
    "This passkey is in use already": "Этот ключ доступа уже используется",
    "You have all the passkeys you can have; remove one first": (
        "У вас уже столько ключей доступа, сколько возможно; удалите один из них"
    ),
    "You have no such passkey.": "У вас нет такого ключа доступа.",
    "must be base64url without padding": "должно быть в base64url без дополнения",
    "The second factor is on already": "Второй фактор уже включён",
    "The password is wrong": "Неверный пароль",
    "This link has expired or was used; ask for another letter": (
        "Ссылка уже использована или её срок истёк, запросите другое письмо"
    ),
    "This server has no calls of more than four; ask those who run it": (
        "На этом сервере нет звонков больше чем на четверых, спросите его владельцев"
    ),
    "This call is no room: connect to the others yourself": (
        "Этот звонок не комната: соединяйтесь с остальными напрямую"
    ),
    "This call is a room, which one enters by the Amazon Chime SDK": (
        "Этот звонок — комната, в неё входят через Amazon Chime SDK"
    ),
    "The room's service refused; ask those who run this server": (
        "Служба комнат отказала, спросите владельцев этого сервера"
    ),
    "This server has no assistant; ask those who run it": "На этом сервере нет помощника, спросите его владельцев",
    "There is no such answer, or it has expired.": "Такого ответа нет, или срок его хранения истёк.",
    "There is no text here for the assistant to read": "Здесь нет текста, который помощник мог бы прочитать",
    "The assistant has answered all that it may today; ask again tomorrow": (
        "На сегодня ответы помощника исчерпаны, спросите завтра"
    ),
    "The assistant gave no answer that can be used": "Помощник не дал ответа, который можно показать",
    "The assistant has too much to do; ask again in a minute": "Помощник перегружен, спросите через минуту",
    "The assistant took too long; ask again, or about less": (
        "Помощник отвечал слишком долго, спросите ещё раз или о меньшем"
    ),
    "This server sends no notifications; ask those who run it": (
        "Этот сервер не отправляет уведомлений, спросите его владельцев"
    ),
    "The messages are not for exactly the devices of these users": (
        "Сообщения предназначены не в точности для устройств этих пользователей"
    ),
    "has no message": "не получает сообщения",
    "is no device of these users that has keys": "не является устройством этих пользователей с ключами",
    "must have 1 to 16000 characters of base64": "должно состоять из 1–16000 символов base64",
    "must have 1 to 40 letters from a to z, digits, and . _ -": (
        "должно состоять из 1–40 букв от a до z, цифр и знаков . _ -"
    ),
    "This device has published other keys: log in anew for new ones": (
        "Это устройство уже опубликовало другие ключи: для новых войдите заново"
    ),
    "This device has 200 one-time keys that nobody has been given": (
        "У этого устройства уже 200 одноразовых ключей, которые никому не выданы"
    ),
    "must be a key of 32 bytes, in base64 without padding": "должно быть ключом из 32 байт в base64 без дополнения",
    "must be a signature of 64 bytes, in base64 without padding": (
        "должно быть подписью из 64 байт в base64 без дополнения"
    ),
    "must have 1 to 64 letters, digits, and + / _ -": "должно состоять из 1–64 букв, цифр и знаков + / _ -",
    "This server sends no email; ask those who run it": (
        "Этот сервер не отправляет писем, обратитесь к тем, кто его содержит"
    ),
    "Your account has no email address": "У вашей учётной записи нет адреса электронной почты",
    "This email address is taken": "Этот адрес электронной почты уже занят",
    "This has expired": "Срок действия истёк",
    "This invite can no longer be used.": "Это приглашение больше не действует.",
    "This is too large": "Слишком большой размер",
    "This avatar is not in use any more.": "Этот аватар больше не используется.",
    "A rule does not allow these words here": "Правила не разрешают здесь такие слова",
    "Your message waits for a moderator; it is sent once they approve it": (
        "Сообщение ждёт модератора: оно будет отправлено, когда он его одобрит"
    ),
    "There are all the rules on words that there can be; remove one first": (
        "Правил о словах уже столько, сколько возможно: сначала удалите одно"
    ),
    "There are all the webhooks that there can be here; remove one first": (
        "Вебхуков здесь уже столько, сколько возможно: сначала удалите один"
    ),
    "This server has no webhooks; ask those who run it": (
        "На этом сервере нет вебхуков, обратитесь к тем, кто его содержит"
    ),
    "Somebody has decided on this message already": "Об этом сообщении уже решили",
    "This chat is in slow mode: wait before you write again": "В чате медленный режим: подождите, прежде чем писать",
    "This chat is in slow mode: you can write again in {seconds} s.": (
        "В чате медленный режим: писать можно снова через {seconds} с."
    ),
    "A moderator has muted you: you cannot write for now": "Модератор запретил вам писать на некоторое время",
    "This user does not let you write first": "Этот пользователь не разрешает вам писать первым",
    "This user has declined your messages: you cannot write to them": (
        "Этот пользователь отклонил ваши сообщения: писать ему нельзя"
    ),
    "This account is banned": "Эта учётная запись заблокирована",
    "This account is banned. The reason: {reason}": "Эта учётная запись заблокирована. Причина: {reason}",
    "This account is banned until {until}. The reason: {reason}": (
        "Эта учётная запись заблокирована до {until}. Причина: {reason}"
    ),
    "This report is decided": "По этой жалобе решение уже принято",
    "There is no such report.": "Такой жалобы нет.",
    "must be in the future": "должно быть в будущем",
    "This link has expired.": "Срок действия ссылки истёк.",
    "This link is not valid.": "Ссылка недействительна.",
    "This message has all the kinds of reactions it can have": "У этого сообщения уже все возможные виды реакций",
    "This message was deleted": "Это сообщение удалено",
    "This origin may not connect": "С этого сайта подключаться нельзя",
    "This message is not a poll": "Это сообщение — не опрос",
    "This message is not a voice message": "Это сообщение — не голосовое",
    "This poll does not have this option": "В этом опросе нет такого варианта",
    "This poll is closed": "Этот опрос завершён",
    "This refresh token can no longer be used": "Этот токен обновления больше не действует",
    "This session has ended": "Этот сеанс завершён",
    "This user is not among your contacts.": "Этого пользователя нет среди ваших контактов.",
    "This username is taken": "Это имя пользователя уже занято",
    "Too many requests": "Слишком много запросов",
    "Too many requests; try again in {seconds} s.": "Слишком много запросов, попробуйте через {seconds} с.",
    "Whom you call takes no calls from you": "Тот, кому вы звоните, не принимает от вас звонков",
    "You are in another call: end it first": "Вы участвуете в другом звонке, сначала завершите его",
    "You have all the scheduled messages you can have": "У вас уже все возможные отложенные сообщения",
    "You have no such session.": "У вас нет такого сеанса.",
    "You may not do this": "У вас нет на это прав",
    "Your storage is full": "Ваше хранилище заполнено",
}
