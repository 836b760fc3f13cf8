"""The settings of `make publish`, read from make's variables. All problems are reported at once."""

import dataclasses
import re

from .failure import PublishError

EXAMPLE = 'make publish ORGANIZATION=o-... REGIONS="us-east-1 eu-west-1"'
REGION = re.compile(r"[a-z]+(-[a-z]+)+-[0-9]+")
SEPARATORS = re.compile(r"[\s,]+")

# Variable: the pattern of valid values, and a description of them. The patterns are the same as in the templates.
FORMATS = {
    "ORGANIZATION": (r"o-[a-z0-9]{10,32}", "an organization ID: o- and 10 to 32 characters of a-z 0-9"),
    "CODE_BUCKET_PREFIX": (
        r"[a-z0-9][a-z0-9-]{1,46}[a-z0-9]",
        "3 to 48 characters of a-z 0-9 - without a hyphen at the start or end",
    ),
    "ARCHITECTURE": (r"x86_64|arm64", "x86_64 or arm64"),
    "PROVIDER": (r"[0-9]{12}(,[0-9]{12}){0,9}", "one to ten account IDs of 12 digits, separated by commas"),
    "EXTERNAL_ID": (r"[A-Za-z0-9_+=,.@:/-]{2,1224}", "2 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -"),
    "ROLE_NAME": (r"[A-Za-z0-9_+=,.@-]{1,64}", "1 to 64 characters of A-Z a-z 0-9 _ + = , . @ -"),
    "ROLE_PATH_PREFIX": (r"/([A-Za-z0-9_+=,.@-]+/)*", "path segments between slashes, such as /delegated/"),
    "ROLE_NAME_PREFIX": (r"[A-Za-z0-9_+=,.@-]{1,32}", "1 to 32 characters of A-Z a-z 0-9 _ + = , . @ -"),
    "DELEGATED_ADMIN": (r"[01]", "1 (in the account of a delegated administrator) or empty (in the management account)"),
}
ORGANIZATIONAL_UNIT = r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32}"


@dataclasses.dataclass(frozen=True)
class Settings:
    organization: str
    # The home Region is the first: its stack creates the role that the other Regions wait for.
    regions: list
    code_bucket_prefix: str
    architecture: str
    organizational_units: list
    provider: str
    external_id: str
    role_name: str
    role_path_prefix: str
    role_name_prefix: str
    delegated_admin: bool
    # A directory with a function that is already built, for example on another machine.
    built: str

    @property
    def home_region(self):
        return self.regions[0]

    @staticmethod
    def read(variables):
        values = {name: variables.get(name, "").strip() for name in (*FORMATS, "REGIONS", "OU", "HOME_REGION", "BUILT")}
        problems = [
            # An external ID is never printed.
            f"EXTERNAL_ID must be {description}." if name == "EXTERNAL_ID" else f"{name}={values[name]} must be {description}."
            for name, (pattern, description) in FORMATS.items()
            if values[name] and not re.fullmatch(pattern, values[name])
        ]
        if not values["ORGANIZATION"]:
            problems.append(
                "ORGANIZATION is missing. Set it to the ID of the organization whose accounts can read the code; "
                "`aws organizations describe-organization` shows it."
            )
        regions = _split(values["REGIONS"])
        if not regions:
            problems.append('REGIONS is missing. Set it to the Regions for the function, for example REGIONS="us-east-1 eu-west-1".')
        problems += [f"REGIONS: {region} is not a Region such as us-east-1." for region in regions if not REGION.fullmatch(region)]
        home = values["HOME_REGION"] or (regions[0] if regions else "")
        if regions and home not in regions:
            problems.append(f"HOME_REGION={home} must be one of REGIONS, because its stack manages the role.")
        units = _split(values["OU"])
        problems += [
            f"OU: {unit} is not the ID of an organizational unit (ou-...) or of a root (r-...)."
            for unit in units
            if not re.fullmatch(ORGANIZATIONAL_UNIT, unit)
        ]
        if problems:
            raise PublishError("\n".join([*problems, f"Nothing was published. Example: {EXAMPLE}"]))
        return Settings(
            organization=values["ORGANIZATION"],
            regions=[home, *(region for region in regions if region != home)],
            code_bucket_prefix=values["CODE_BUCKET_PREFIX"],
            architecture=values["ARCHITECTURE"] or "x86_64",
            organizational_units=units,
            provider=values["PROVIDER"],
            external_id=values["EXTERNAL_ID"],
            role_name=values["ROLE_NAME"],
            role_path_prefix=values["ROLE_PATH_PREFIX"],
            role_name_prefix=values["ROLE_NAME_PREFIX"],
            delegated_admin=values["DELEGATED_ADMIN"] == "1",
            built=values["BUILT"],
        )


def _split(text):
    return list(dict.fromkeys(item for item in SEPARATORS.split(text) if item))
