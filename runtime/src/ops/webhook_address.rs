//! Which addresses webhooks reach. What an operator writes by mistake, or a name server by malice, must
//! not turn deliveries into a way to this machine or to the credentials of a cloud.

use std::net::IpAddr;

use keywheel_domain::webhook::Endpoint;
use keywheel_host::{Reach, reach_of};

/// An address that a webhook does not reach.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForbiddenAddress {
    /// It is this machine, and the URL does not say so.
    #[error("`{host}` leads to a loopback address: a URL must name such an address itself, or `localhost`")]
    Loopback {
        /// As in the URL.
        host: String,
    },
    /// It is elsewhere, and the request would not be encrypted.
    #[error("`{host}` leads to {kind}, and plain http goes to loopback addresses only")]
    Plain {
        /// As in the URL.
        host: String,
        /// What the address is.
        kind: &'static str,
    },
    /// No webhook reaches such an address.
    #[error("`{host}` leads to {kind}, which no webhook may reach")]
    Special {
        /// As in the URL.
        host: String,
        /// What the address is.
        kind: &'static str,
    },
}

/// Whether a webhook may send to this address of its host. Asked for each delivery, for the address that
/// is then dialled: what a name meant before counts for nothing.
pub fn check_webhook_address(endpoint: &Endpoint, ip: IpAddr) -> Result<(), ForbiddenAddress> {
    let (reach, host) = (reach_of(ip), || endpoint.host.to_string());
    match reach {
        Reach::Loopback if endpoint.host.is_loopback() => Ok(()),
        Reach::Loopback => Err(ForbiddenAddress::Loopback { host: host() }),
        Reach::Metadata | Reach::LinkLocal | Reach::Special => {
            Err(ForbiddenAddress::Special { host: host(), kind: reach.name() })
        }
        Reach::Ordinary | Reach::Private if endpoint.is_secure => Ok(()),
        Reach::Ordinary | Reach::Private => Err(ForbiddenAddress::Plain { host: host(), kind: reach.name() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, ip: &str, expected: Result<(), &str>) {
        let found = check_webhook_address(&url.parse().unwrap(), ip.parse().unwrap());
        assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{url} {ip}");
    }

    #[test]
    fn ordinary_and_private_addresses_are_reached_by_tls() {
        for ip in ["93.184.215.14", "10.1.2.3", "192.168.1.1", "fd12::1", "2600::1"] {
            check("https://hooks.example/", ip, Ok(()));
        }
        let told = "`localhost` leads to a private address, and plain http goes to loopback addresses only";
        check("http://localhost/", "10.0.0.1", Err(told));
    }

    #[test]
    fn this_machine_is_reached_by_who_says_so() {
        for url in ["https://localhost/", "http://localhost/", "http://127.0.0.1/", "https://[::1]/"] {
            check(url, "127.0.0.1", Ok(()));
        }
        let told = "`hooks.example` leads to a loopback address: a URL must name such an address itself, or `localhost`";
        for ip in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "2002:7f00:1::"] {
            check("https://hooks.example/", ip, Err(told));
        }
    }

    #[test]
    fn credentials_of_clouds_are_out_of_reach() {
        for (ip, kind) in [
            ("169.254.169.254", "an address of cloud metadata"),
            ("::ffff:169.254.169.254", "an address of cloud metadata"),
            ("fd00:ec2::254", "an address of cloud metadata"),
            ("169.254.0.1", "a link-local address"),
            ("fe80::1", "a link-local address"),
            ("0.0.0.0", "an unspecified, multicast or reserved address"),
            ("::", "an unspecified, multicast or reserved address"),
            ("224.0.0.1", "an unspecified, multicast or reserved address"),
            ("ff02::1", "an unspecified, multicast or reserved address"),
        ] {
            for host in ["hooks.example", "localhost"] {
                let told = format!("`{host}` leads to {kind}, which no webhook may reach");
                check(&format!("https://{host}/"), ip, Err(&told));
            }
        }
    }
}
