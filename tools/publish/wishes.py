"""What is to be published and where, as make's variables say it: read whole, with every problem told at once."""

import dataclasses
import re

from .failure import CannotPublish

REGION = re.compile(r"[a-z]+(-[a-z]+)+-[0-9]+")
LISTED = re.compile(r"[\s,]+")

# Variable: its form, and what to say of anything else. The forms are those of the templates.
FORMS = {
    "ORGANIZATION": (r"o-[a-z0-9]{10,32}", "an organization's ID: o- and 10 to 32 of a-z 0-9"),
    "CODE_BUCKET_PREFIX": (
        r"[a-z0-9][a-z0-9-]{1,46}[a-z0-9]",
        "3 to 48 characters of a-z 0-9 - that neither begin nor end with a dash",
    ),
    "ARCHITECTURE": (r"x86_64|arm64", "x86_64 or arm64"),
    "PROVIDER": (r"[0-9]{12}(,[0-9]{12}){0,9}", "an account ID of 12 digits, up to ten of them separated by commas"),
    "EXTERNAL_ID": (r"[A-Za-z0-9_+=,.@:/-]{2,1224}", "2 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -"),
    "ROLE_NAME": (r"[A-Za-z0-9_+=,.@-]{1,64}", "1 to 64 characters of A-Z a-z 0-9 _ + = , . @ -"),
    "DELEGATED_ADMIN": (r"[01]", "1 in a delegated administrator's account, nothing in the management account"),
}
ORGANIZATIONAL_UNIT = r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32}"


@dataclasses.dataclass(frozen=True)
class Wishes:
    organization: str
    # The home Region first: it makes the role that the others wait for.
    regions: list
    code_bucket_prefix: str
    architecture: str
    organizational_units: list
    provider: str
    external_id: str
    role_name: str
    delegated_admin: bool
    # A directory with a function that is built already, say by another machine for another processor.
    built: str

    @property
    def home_region(self):
        return self.regions[0]

    @staticmethod
    def read(variables):
        given = {name: variables.get(name, "").strip() for name in (*FORMS, "REGIONS", "OU", "HOME_REGION", "BUILT")}
        problems = [
            # External IDs are shown nowhere.
            f"{name} is not {form}." if name == "EXTERNAL_ID" else f"{name}={given[name]} is not {form}."
            for name, (pattern, form) in FORMS.items()
            if given[name] and not re.fullmatch(pattern, given[name])
        ]
        if not given["ORGANIZATION"]:
            problems.append(
                "ORGANIZATION is missing: the ID of the organization whose accounts may read the code, as "
                "`aws organizations describe-organization` shows it."
            )
        regions = _listed(given["REGIONS"])
        if not regions:
            problems.append('REGIONS is missing: where the function is wanted, such as REGIONS="us-east-1 eu-west-1".')
        problems += [f"REGIONS: {region} is not a Region such as us-east-1." for region in regions if not REGION.fullmatch(region)]
        home = given["HOME_REGION"] or (regions[0] if regions else "")
        if regions and home not in regions:
            problems.append(f"HOME_REGION={home} is not among the REGIONS: its stack keeps the role.")
        units = _listed(given["OU"])
        problems += [
            f"OU: {unit} is not the ID of an organizational unit (ou-...) or of a root (r-...)."
            for unit in units
            if not re.fullmatch(ORGANIZATIONAL_UNIT, unit)
        ]
        if problems:
            example = 'make publish ORGANIZATION=o-... REGIONS="us-east-1 eu-west-1"'
            raise CannotPublish("\n".join([*problems, f"Nothing was published. It is called like this: {example}"]))
        return Wishes(
            organization=given["ORGANIZATION"],
            regions=[home, *(region for region in regions if region != home)],
            code_bucket_prefix=given["CODE_BUCKET_PREFIX"],
            architecture=given["ARCHITECTURE"] or "x86_64",
            organizational_units=units,
            provider=given["PROVIDER"],
            external_id=given["EXTERNAL_ID"],
            role_name=given["ROLE_NAME"],
            delegated_admin=given["DELEGATED_ADMIN"] == "1",
            built=given["BUILT"],
        )


def _listed(text):
    return list(dict.fromkeys(item for item in LISTED.split(text) if item))
