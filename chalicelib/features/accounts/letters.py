"""The letters about accounts, in English and Russian: all their words are here.

They name the account, what was done and, where there is one, the token; a device is told as it calls itself.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from chalicelib.core import clock, context
from chalicelib.core.config import settings
from chalicelib.core.http import Request
from chalicelib.core.mail import Letter
from chalicelib.core.wording import Language

Notice = Literal[
    "password_changed",
    "email_changed",
    "second_factor_on",
    "second_factor_off",
    "passkey_added",
    "passkey_removed",
    "deletion",
]
Kind = Literal["verify", "change", "reset", "new_device"] | Notice


class _Words(NamedTuple):
    subject: str
    text: str


_ENGLISH: Mapping[Kind, _Words] = {
    "verify": _Words(
        "Confirm your email address",
        "An account of {service} has this address. Confirm that it is yours, within 24 hours:\n\n{token}\n\n"
        "If you have made no account, do nothing.",
    ),
    "change": _Words(
        "Confirm your new email address",
        "An account of {service} is to have this address from now on. Confirm it within 24 hours:\n\n{token}\n\n"
        "If you did not ask for it, do nothing.",
    ),
    "reset": _Words(
        "Choose a new password",
        "Somebody asked for a new password for your account of {service}. Choose one within an hour:\n\n{token}\n\n"
        "If it was not you, do nothing: your password stays as it is.",
    ),
    "password_changed": _Words(
        "Your password was changed",
        "The password of your account of {service} was changed at {time}, and other devices were logged out.\n\n"
        "If it was not you, choose a new password by this address at once.",
    ),
    "email_changed": _Words(
        "Your email address was changed",
        "At {time} your account of {service} was given another email address. This one is not used any more.\n\n"
        "If it was not you, ask those who run the server for help.",
    ),
    "deletion": _Words(
        "Your account will be deleted",
        "At {time} the deletion of your account of {service} was asked for. It is done after 14 days.\n\n"
        "To keep the account, log in before then. If it was not you, change your password as well.",
    ),
    "second_factor_on": _Words(
        "The second factor was turned on",
        "Since {time} your account of {service} asks for a code of your authenticator at each log-in.\n\n"
        "If it was not you, ask those who run the server for help.",
    ),
    "second_factor_off": _Words(
        "The second factor was turned off",
        "Since {time} the password alone opens your account of {service}.\n\n"
        "If it was not you, change your password at once.",
    ),
    "passkey_added": _Words(
        "A passkey was added",
        "Since {time} your account of {service} can be opened by another passkey.\n\n"
        "If it was not you, remove it in the settings and change your password at once.",
    ),
    "passkey_removed": _Words(
        "A passkey was removed",
        "At {time} a passkey of your account of {service} was removed. It opens the account no more.\n\n"
        "If it was not you, change your password at once.",
    ),
    "new_device": _Words(
        "A new device has logged in",
        "At {time} a device logged in to your account of {service} for the first time.\n\n"
        "Device: {device}\nAddress: {address}\n\n"
        "If it was not you, change your password: that logs all other devices out.",
    ),
}
_RUSSIAN: Mapping[Kind, _Words] = {
    "verify": _Words(
        "Подтвердите адрес почты",
        "Этот адрес указан в учётной записи {service}. Подтвердите в течение 24 часов, что он ваш:\n\n{token}\n\n"
        "Если вы не создавали учётную запись, ничего не делайте.",
    ),
    "change": _Words(
        "Подтвердите новый адрес почты",
        "Этот адрес хотят указать в учётной записи {service}. Подтвердите его в течение 24 часов:\n\n{token}\n\n"
        "Если вы об этом не просили, ничего не делайте.",
    ),
    "reset": _Words(
        "Выберите новый пароль",
        "Кто-то запросил новый пароль для вашей учётной записи {service}. Выберите его в течение часа:\n\n{token}\n\n"
        "Если это были не вы, ничего не делайте: пароль останется прежним.",
    ),
    "password_changed": _Words(
        "Пароль изменён",
        "Пароль вашей учётной записи {service} изменён ({time}), остальные устройства вышли из неё.\n\n"
        "Если это были не вы, сразу выберите новый пароль через этот адрес.",
    ),
    "email_changed": _Words(
        "Адрес почты изменён",
        "В вашей учётной записи {service} указан другой адрес почты ({time}). Этот больше не используется.\n\n"
        "Если это были не вы, обратитесь к тем, кто содержит сервер.",
    ),
    "deletion": _Words(
        "Учётная запись будет удалена",
        "Запрошено удаление вашей учётной записи {service} ({time}). Она будет удалена через 14 дней.\n\n"
        "Чтобы сохранить её, войдите до этого срока. Если это были не вы, смените и пароль.",
    ),
    "second_factor_on": _Words(
        "Второй фактор включён",
        "При каждом входе в вашу учётную запись {service} теперь нужен код из приложения ({time}).\n\n"
        "Если это были не вы, обратитесь к тем, кто содержит сервер.",
    ),
    "second_factor_off": _Words(
        "Второй фактор выключен",
        "Для входа в вашу учётную запись {service} теперь достаточно пароля ({time}).\n\n"
        "Если это были не вы, сразу смените пароль.",
    ),
    "passkey_added": _Words(
        "Добавлен ключ доступа",
        "В вашу учётную запись {service} теперь можно войти ещё одним ключом доступа ({time}).\n\n"
        "Если это были не вы, удалите его в настройках и сразу смените пароль.",
    ),
    "passkey_removed": _Words(
        "Ключ доступа удалён",
        "Ключ доступа вашей учётной записи {service} удалён ({time}). Войти им больше нельзя.\n\n"
        "Если это были не вы, сразу смените пароль.",
    ),
    "new_device": _Words(
        "Вход с нового устройства",
        "В вашу учётную запись {service} впервые вошли с этого устройства ({time}).\n\n"
        "Устройство: {device}\nАдрес: {address}\n\n"
        "Если это были не вы, смените пароль: остальные устройства выйдут из учётной записи.",
    ),
}
LETTERS: Mapping[Language, Mapping[Kind, _Words]] = {"en": _ENGLISH, "ru": _RUSSIAN}


def with_token(kind: Literal["verify", "change", "reset"], to: str, token: str) -> Letter:
    """A letter with a token: behind the link of the settings, or alone for whoever types it in."""
    link = settings().mail_link_url
    return _letter(kind, to, token=f"{link}#{kind}={token}" if link else token)


def notice(kind: Notice, to: str) -> Letter:
    """Says that something was done with an account."""
    return _letter(kind, to)


def of_new_device(to: str, request: Request) -> Letter:
    """Says that a device has logged in for the first time."""
    return _letter("new_device", to, device=request.user_agent or "-", address=request.address)


def _letter(kind: Kind, to: str, **values: str) -> Letter:
    """In the language of the request: that of whoever did it, who is the user but for an intruder."""
    words = LETTERS[context.language()][kind]
    told = {"service": settings().service, "time": clock.wire(clock.now()), **values}
    return Letter(to=to, subject=words.subject, text=words.text.format_map(told))
