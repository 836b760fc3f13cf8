//! The provider's external ID for one customer: made once, derived from then on.
//!
//! There is no store. The physical ID of the resource is a *handle* of 256 random bits, which CloudFormation stores. The
//! external ID is HMAC-SHA256 of a version and `Rotation`, with the handle as its key. So no person chooses the ID, each
//! rotation has its own, and an earlier `Rotation` restores its ID. The handle is as sensitive as the IDs, because they
//! can be derived from it. Neither is ever printed.
//!
//! AWS requires that the provider generates the IDs, a unique one for each customer: see [third-party access].
//!
//! [third-party access]: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html

use std::collections::BTreeMap;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::findings::{Code, Problems};
use crate::identifiers::{ExternalId, ExternalIdPrefix, hexadecimal};
use crate::properties::Reader;
use crate::resource_types::EXTERNAL_ID;
use crate::seed::Seed;

/// Never change it: a new value changes the external IDs of all customers.
const VERSION: &[u8] = b"service-provider-access external ID v1";

/// How a handle begins.
const HANDLE: &str = "external-id-";

/// The hexadecimal digits of a handle's random bits.
const HANDLE_DIGITS: usize = 2 * Seed::BYTES;

/// The longest value of `Rotation` and `PreviousRotation`, in characters.
const LONGEST_ROTATION: usize = 256;

/// What an external ID is derived from: `external-id-`, 64 hexadecimal digits, and the prefix if there is one.
#[derive(Clone, PartialEq, Eq)]
pub struct Handle {
    text: String,
    prefix: Option<ExternalIdPrefix>,
}

impl Handle {
    /// A new one.
    pub fn fresh(seed: &Seed, prefix: Option<ExternalIdPrefix>) -> Self {
        let digits = hexadecimal(&seed.bytes());
        let tail = prefix.as_ref().map(|prefix| format!("-{prefix}")).unwrap_or_default();
        Self { text: format!("{HANDLE}{digits}{tail}"), prefix }
    }

    /// The handle that a physical ID is; none when it is not of our form.
    pub fn parse(physical_id: &str) -> Option<Self> {
        let (digits, tail) = physical_id.strip_prefix(HANDLE)?.split_at_checked(HANDLE_DIGITS)?;
        let prefix = match tail.strip_prefix('-') {
            Some(prefix) => Some(ExternalIdPrefix::parse(prefix).ok()?),
            None if tail.is_empty() => None,
            None => return None,
        };
        let random = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        random.then(|| Self { text: physical_id.to_owned(), prefix })
    }

    /// The physical ID. Never for a log or a reason.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The external ID of one rotation: 256 bits that only this handle leads to.
    pub fn derive(&self, rotation: &str) -> ExternalId {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.text.as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(VERSION);
        mac.update(&[0]);
        mac.update(rotation.as_bytes());
        ExternalId::derived(self.prefix.as_ref(), mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(hidden)")
    }
}

/// Which external IDs to derive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    prefix: Option<ExternalIdPrefix>,
    rotation: String,
    previous_rotation: Option<String>,
    handle: Option<Handle>,
}

impl Derivation {
    /// Reads the properties. `physical_id` is that of the resource so far, if there is one. If it is no handle, a new one
    /// replaces it.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn read(properties: &Map<String, Value>, physical_id: Option<&str>) -> Result<Self, Problems> {
        let handle = physical_id.and_then(Handle::parse);
        let mut reader = Reader::new(properties, &EXTERNAL_ID);
        let prefix = reader.one("Prefix", ExternalIdPrefix::parse);
        let rotation = read_rotation(&mut reader, "Rotation").unwrap_or_default();
        // If it is missing, there is none. An empty text is the rotation of a template without `Rotation`.
        let previous_rotation = read_rotation(&mut reader, "PreviousRotation");
        let well_formed = prefix.is_some() || !properties.contains_key("Prefix");
        if well_formed && handle.as_ref().is_some_and(|handle| handle.prefix != prefix) {
            reader.problem(
                Code::CannotChange,
                "Prefix",
                "cannot be changed: it is part of the external ID that the customer's role requires. Put it back, or create \
                 a new resource (another logical ID) for another external ID.",
            );
        }
        reader.finish().0.none()?;
        Ok(Self { prefix, rotation, previous_rotation, handle })
    }
}

fn read_rotation(reader: &mut Reader<'_>, property: &'static str) -> Option<String> {
    let text = reader.free_text(property)?;
    let length = text.chars().count();
    if length > LONGEST_ROTATION {
        reader.problem(
            Code::InvalidValue,
            property,
            format!("has {length} characters; give at most {LONGEST_ROTATION}."),
        );
    }
    Some(text)
}

/// Derives the external IDs, from a new handle if there is none. Cannot fail. Returns the handle, and the attributes:
/// always the same keys, because `Fn::GetAtt` of a missing one fails the stack.
pub fn derive(derivation: Derivation, seed: &Seed) -> (Handle, BTreeMap<&'static str, String>) {
    let Derivation { prefix, rotation, previous_rotation, handle } = derivation;
    let handle = handle.unwrap_or_else(|| Handle::fresh(seed, prefix));
    let id_of = |rotation: &str| handle.derive(rotation).expose().to_owned();
    let attributes = BTreeMap::from([
        ("ExternalId", id_of(&rotation)),
        ("PreviousExternalId", previous_rotation.as_deref().map(id_of).unwrap_or_default()),
        ("Rotation", rotation),
    ]);
    (handle, attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn seed() -> Seed {
        Seed::new(std::array::from_fn(|index| u8::try_from(index).unwrap_or_default()))
    }

    #[test]
    fn only_a_handle_is_read_back() {
        for prefix in [None, Some("acme"), Some("-"), Some(DIGITS.get(..32).unwrap_or_default())] {
            let prefix = prefix.and_then(|prefix| ExternalIdPrefix::parse(prefix).ok());
            let handle = Handle::fresh(&seed(), prefix.clone());
            assert_eq!(Handle::parse(handle.expose()), Some(Handle { prefix, ..handle }));
        }
        for other in [
            String::new(),
            DIGITS.to_owned(),
            format!("external-id-{}", &DIGITS[1..]),
            format!("external-id-{}", DIGITS.to_uppercase()),
            format!("external-id-{DIGITS}acme"),
            format!("external-id-{DIGITS}-"),
            format!("external-id-{DIGITS}-a_b"),
            format!("external-id-{}é", &DIGITS[1..]),
            format!("refused-{DIGITS}"),
        ] {
            assert_eq!(Handle::parse(&other), None, "{other}");
        }
    }

    #[test]
    fn the_derivation_never_changes() {
        let plain = Handle::fresh(&seed(), None);
        let prefixed = Handle::fresh(&seed(), ExternalIdPrefix::parse("acme").ok());
        let ids = [plain.derive(""), plain.derive("2"), prefixed.derive("2")].map(|id| id.expose().to_owned());
        expect_test::expect![[r"
            57e786a8ab3b7b79e40b477c290d8d852d6c77e1852b2c0670feb4d73f6fe415
            fd8b92aa2c577e975d861ed4838799876ffff40d0b834c37035145c767694174
            acme-9d7fe14f6b62e71015c746a3a07ced3335acb03dece0befa64b174febcddc558
        "]]
        .assert_eq(&format!("{}\n", ids.join("\n")));
    }

    #[test]
    fn a_handle_and_its_ids_cannot_be_printed() {
        let Ok(derivation) = Derivation::read(&Map::new(), None) else { panic!("nothing is required") };
        let (handle, _) = derive(derivation, &seed());
        assert_eq!(format!("{handle:?} {:?}", handle.derive("")), "Handle(hidden) ExternalId(hidden)");
    }
}
