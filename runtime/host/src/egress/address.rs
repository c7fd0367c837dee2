//! What an address is: somewhere on the Internet, on a private network, or a place of this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far an address reaches, and thus how a rule must name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere.
    Ordinary,
    /// A private network. A rule that names the host names it.
    Private,
    /// This machine.
    Loopback,
    /// This machine's links.
    LinkLocal,
    /// Where clouds give credentials to whoever asks.
    Metadata,
    /// Unspecified, multicast, broadcast, reserved.
    Special,
}

impl Reach {
    /// With its article, as the middle of a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "an ordinary address",
            Self::Private => "a private address",
            Self::Loopback => "a loopback address",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "an address of cloud metadata",
            Self::Special => "an unspecified, multicast or reserved address",
        }
    }
}

/// Metadata services: AWS, Azure, Google and others share one address; ECS, EKS, Azure's host, Alibaba and Oracle
/// have more.
const METADATA_V4: [Ipv4Addr; 6] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
];
/// AWS's metadata service and its services for containers and time, and Google's metadata service.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// An IPv4 address in one of its disguises (mapped, compatible, translated, NAT64, 6to4, Teredo) as what it is.
pub(super) fn unmap(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let segments = v6.segments();
    let embedded = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // `::` and `::1` are not IPv4.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => embedded(high, low),
        [0, 0, 0, 0, 0xffff, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        // Teredo turns the bits of its client around.
        [0x2001, 0, .., high, low] => embedded(!high, !low),
        _ => ip,
    }
}

/// What an address is, whatever its disguise.
pub fn reach_of(ip: IpAddr) -> Reach {
    reach(unmap(ip))
}

/// Classifies an address that [`unmap`] returned.
pub(super) fn reach(ip: IpAddr) -> Reach {
    match ip {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    match ip.octets() {
        _ if METADATA_V4.contains(&ip) => Reach::Metadata,
        [127, ..] => Reach::Loopback,
        [169, 254, ..] => Reach::LinkLocal,
        [0 | 224..=255, ..] => Reach::Special,
        [100, 64..=127, ..] => Reach::Private,
        _ if ip.is_private() => Reach::Private,
        _ => Reach::Ordinary,
    }
}

fn reach_v6(ip: Ipv6Addr) -> Reach {
    match ip.segments()[0] {
        _ if METADATA_V6.contains(&ip) => Reach::Metadata,
        _ if ip.is_loopback() => Reach::Loopback,
        _ if ip.is_unspecified() || ip.is_multicast() || is_nowhere(ip) => Reach::Special,
        0xfe80..=0xfebf => Reach::LinkLocal,
        // Site-local is deprecated and was private.
        0xfc00..=0xfdff | 0xfec0..=0xfeff => Reach::Private,
        _ => Reach::Ordinary,
    }
}

/// Prefixes behind which anything or nothing is: that which drops everything, and that of a site's own NAT64.
fn is_nowhere(ip: Ipv6Addr) -> bool {
    matches!(ip.segments(), [0x100, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Reach) {
        assert_eq!(reach(unmap(text.parse().unwrap())), expected, "{text}");
    }

    #[test]
    fn addresses_are_classified() {
        check("8.8.8.8", Reach::Ordinary);
        check("2600::1", Reach::Ordinary);
        check("10.1.2.3", Reach::Private);
        check("172.31.0.1", Reach::Private);
        check("100.64.0.1", Reach::Private);
        check("fd12::1", Reach::Private);
        check("127.8.0.1", Reach::Loopback);
        check("::1", Reach::Loopback);
        check("169.254.1.1", Reach::LinkLocal);
        check("fe80::1", Reach::LinkLocal);
        check("169.254.169.254", Reach::Metadata);
        check("169.254.170.23", Reach::Metadata);
        check("168.63.129.16", Reach::Metadata);
        check("100.100.100.200", Reach::Metadata);
        check("fd00:ec2::254", Reach::Metadata);
        check("0.0.0.0", Reach::Special);
        check("0.1.2.3", Reach::Special);
        check("::", Reach::Special);
        check("224.0.0.1", Reach::Special);
        check("255.255.255.255", Reach::Special);
        check("ff02::1", Reach::Special);
        check("100::1", Reach::Special);
        check("240.0.0.1", Reach::Special);
    }

    #[test]
    fn disguises_are_seen_through() {
        check("::ffff:127.0.0.1", Reach::Loopback);
        check("::127.0.0.1", Reach::Loopback);
        check("::ffff:169.254.169.254", Reach::Metadata);
        check("64:ff9b::169.254.169.254", Reach::Metadata);
        check("2002:7f00:1::", Reach::Loopback);
        check("::ffff:0:127.0.0.1", Reach::Loopback);
        check("2001:0:4136:e378:8000:63bf:80ff:fffe", Reach::Loopback);
        check("2001:0:4136:e378:8000:63bf:5601:5601", Reach::Metadata);
        check("64:ff9b:1::a00:1", Reach::Special);
    }
}
