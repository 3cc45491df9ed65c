"""Domains whose mail addresses anybody can have: two of them have nothing in common."""

from __future__ import annotations

from typing import Final

_CHINA = "126.com 139.com 163.com 189.cn aliyun.com foxmail.com qq.com sina.cn sina.com sohu.com vip.163.com vip.qq.com"
_EUROPE = "gmx.at gmx.ch gmx.de gmx.net hotmail.fr laposte.net libero.it mail.ru orange.fr t-online.de web.de yandex.ru"
_ELSEWHERE = "aol.com gmail.com googlemail.com hotmail.com icloud.com live.com mac.com mail.com me.com"
_MORE = "msn.com naver.com outlook.com proton.me protonmail.com rediffmail.com wo.cn yeah.net zoho.com"
_YAHOO = "yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.cn yahoo.de yahoo.fr"

FREE_MAIL: Final = frozenset(" ".join((_CHINA, _EUROPE, _ELSEWHERE, _MORE, _YAHOO)).split())
"""Those that are known everywhere; a company may name its own instead."""
