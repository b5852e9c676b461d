//! The VPC and its subnets.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// The VPC and its subnets.
#[derive(KubeSchema, Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default = "Network::default")]
pub struct Network {
    /// IPv4 block of the VPC: /16 to /20, private (RFC 1918, or 100.64.0.0/10), written with its network
    /// address. It is cut into 16 equal blocks, of which each zone uses two. Immutable.
    #[schemars(length(max = 18))]
    #[x_kube(validation = Rule::new(
        "isCIDR(self) && cidr(self).ip().family() == 4 \
         && self.matches('^((0|[1-9][0-9]{0,2})[.]){3}(0|[1-9][0-9]{0,2})/[1-9]?[0-9]$')")
        .message("must be an IPv4 block such as 10.0.0.0/16"))]
    #[x_kube(validation = Rule::new(
        "!isCIDR(self) || (cidr(self).prefixLength() >= 16 && cidr(self).prefixLength() <= 20)")
        .message("must have a size of /16 to /20"))]
    #[x_kube(validation = Rule::new("!isCIDR(self) || cidr(self) == cidr(self).masked()")
        .message("must be written with its network address: all bits after the prefix are zero"))]
    #[x_kube(validation = Rule::new(
        "!isCIDR(self) || ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']\
         .exists(private, cidr(private).containsCIDR(self))")
        .message("must be within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10"))]
    pub cidr: String,

    /// Number of availability zones, 2 or 3; each has a public and a private subnet. May grow, not shrink.
    #[schemars(range(min = 2, max = 3))]
    pub availability_zones: i32,
}

impl Default for Network {
    fn default() -> Self {
        Self { cidr: "10.0.0.0/16".to_owned(), availability_zones: 2 }
    }
}
