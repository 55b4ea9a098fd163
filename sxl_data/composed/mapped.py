"""Values that people say in words of their own, one for one: euros for EUR, quarterly for 4, Tampa, Florida for its FL.

In: the name of a kind. Out: its values, each with the ways in which it is said, and what a declaration says of the form
that it wants; without that a reader could not tell that a code is meant.
"""

from __future__ import annotations

from typing import NamedTuple


class Mapped(NamedTuple):
    """``values``: value → how it is said. ``notes``: what a description adds, one of them."""

    values: dict[str | int, tuple[str, ...]]
    notes: tuple[str, ...]


def _pairs(text: str) -> dict[str | int, tuple[str, ...]]:
    """``value=said=said|…``; what is not said differently is said as it is."""
    found: dict[str | int, tuple[str, ...]] = {}
    for item in text.split("|"):
        value, *said = item.split("=")
        found[int(value) if value.isdigit() else value] = tuple(said) or (value,)
    return found


MAPPED = {
    "currency": Mapped(
        _pairs(
            "USD=USD=US dollars|EUR=EUR=euros|GBP=GBP=British pounds|JPY=JPY=Japanese yen|CAD=CAD=Canadian dollars|"
            "AUD=AUD=Australian dollars|CHF=CHF=Swiss francs|INR=INR=Indian rupees|CNY=CNY=Chinese yuan|"
            "SEK=SEK=Swedish kronor|MXN=MXN=Mexican pesos|ZAR=ZAR=South African rand|NOK=NOK=Norwegian kroner|"
            "SGD=SGD=Singapore dollars|NZD=NZD=New Zealand dollars|DKK=DKK=Danish kroner"
        ),
        (" As a code of three letters.", " Currency code, e.g. USD."),
    ),
    "ticker": Mapped(
        _pairs(
            "AAPL=AAPL=Apple|MSFT=MSFT=Microsoft|TSLA=TSLA=Tesla|AMZN=AMZN=Amazon|NKE=NKE=Nike|INTC=INTC=Intel|"
            "PFE=PFE=Pfizer|BA=BA=Boeing|NFLX=NFLX=Netflix|ORCL=ORCL=Oracle|SBUX=SBUX=Starbucks|WMT=WMT=Walmart|IBM|"
            "GOOG=GOOG=Google|META=META=Meta|NVDA=NVDA=Nvidia|KO=KO=Coca-Cola|DIS=DIS=Disney|CSCO=CSCO=Cisco|AMD"
        ),
        (" As the ticker symbol.", " For example, 'AAPL' for Apple."),
    ),
    "us_city": Mapped(
        {
            f"{city}, {short}": (f"{city}, {short}", f"{city}, {short}", f"{city}, {state}")
            for city, short, state in (
                item.split("/")
                for item in (
                    "Austin/TX/Texas|Boston/MA/Massachusetts|Denver/CO/Colorado|Seattle/WA/Washington|Miami/FL/Florida|"
                    "Portland/OR/Oregon|Chicago/IL/Illinois|Phoenix/AZ/Arizona|San Diego/CA/California|"
                    "Atlanta/GA/Georgia|Nashville/TN/Tennessee|San Francisco/CA/California|Houston/TX/Texas|"
                    "Los Angeles/CA/California|Detroit/MI/Michigan|New Orleans/LA/Louisiana|Tampa/FL/Florida|"
                    "Philadelphia/PA/Pennsylvania|Las Vegas/NV/Nevada|Dallas/TX/Texas|New York/NY/New York|"
                    "Minneapolis/MN/Minnesota|Salt Lake City/UT/Utah|Baltimore/MD/Maryland|Honolulu/HI/Hawaii"
                ).split("|")
            )
        },
        (" In the form City, ST.", " The city and state, e.g. Boston, MA.", " City and state, such as 'Tampa, FL'."),
    ),
    "frequency": Mapped(
        _pairs("1=annually=yearly|2=semi-annually|4=quarterly=every quarter|12=monthly=every month|365=daily"),
        (" As the number of times a year.", " Times per year, e.g. 4 for quarterly."),
    ),
    "formula": Mapped(
        _pairs(
            "x**2=x^2|3*x**2 + 2*x=3x^2 + 2x|x**3 - 4*x=x^3 - 4x|2*x + 1=2x + 1|x**2 - 5*x + 6=x^2 - 5x + 6|"
            "4*x**3=4x^3|x**4 + x=x^4 + x|5*x**2 - 1=5x^2 - 1|sin(x)|cos(x)|x**3=x^3|7*x=7x|2*x**3 - x**2=2x^3 - x^2"
        ),
        (" As a Python expression in x.", " Written for Python, e.g. 'x**2 + 3*x'."),
    ),
}
