//! Where a request comes from: an organization, a range of addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::text::Invalid;

/// An AWS organization: `o-` and 10 to 32 of `a-z0-9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationId(String);
text!(OrganizationId);

impl OrganizationId {
    /// Reads an organization's ID.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let well_formed = text.strip_prefix("o-").is_some_and(|rest| {
            (10..=32).contains(&rest.len())
                && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("an organization's ID: o- followed by 10 to 32 of a-z0-9"))
        }
    }
}

/// A range of public IP addresses in CIDR notation: the value of an `IpAddress` condition on `aws:SourceIp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicCidr(IpNet);

impl PublicCidr {
    /// Reads a network without host bits that holds no private, loopback, link-local or multicast address.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if let Ok(address) = text.parse::<IpAddr>() {
            let whole = if address.is_ipv4() { 32 } else { 128 };
            return Err(Invalid::new(format!("a range in CIDR notation: for this one address, {address}/{whole}")));
        }
        let network: IpNet = text
            .parse()
            .map_err(|_| Invalid::new("a range of public IP addresses in CIDR notation, such as 203.0.113.0/24"))?;
        if network.trunc() != network {
            return Err(Invalid::new(format!("the network's first address with its length: {}", network.trunc())));
        }
        if never_public().iter().any(|reserved| reserved.contains(&network) || network.contains(reserved)) {
            return Err(Invalid::new(
                "a range of public addresses only: AWS sees the caller's public address, never a private one",
            ));
        }
        Ok(Self(network))
    }

    /// Whether every address of `other` is in this range.
    pub fn contains(&self, other: &Self) -> bool {
        self.0.contains(&other.0)
    }
}

impl fmt::Display for PublicCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// RFC 1918, 6598, 3927, 4193 and similar: no request reaches AWS's public endpoints from there.
fn never_public() -> [IpNet; 11] {
    let v4 = |a, b, c, d, length| IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length));
    let v6 = |first, length| IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0), length));
    [
        v4(0, 0, 0, 0, 8),
        v4(10, 0, 0, 0, 8),
        v4(100, 64, 0, 0, 10),
        v4(127, 0, 0, 0, 8),
        v4(169, 254, 0, 0, 16),
        v4(172, 16, 0, 0, 12),
        v4(192, 168, 0, 0, 16),
        v4(224, 0, 0, 0, 3),
        v6(0, 8),
        v6(0xfc00, 7),
        v6(0xfe80, 9),
    ]
}
