//! The network's arithmetic: which subnet gets which part of the VPC's block, and which zone.

use ipnet::Ipv4Net;

use crate::api::spec;

use super::{Facts, Invalid};

/// The VPC and its subnets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Block of the VPC.
    pub block: VpcBlock,
    /// One entry for each zone, in order.
    pub subnets: Vec<Subnet>,
}

/// The two subnets of one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Number of the zone in the environment, from 1.
    pub number: u8,
    /// Name of the zone, such as `eu-west-1a`.
    pub zone: String,
    /// Block of the public subnet.
    pub public: Ipv4Net,
    /// Block of the private subnet.
    pub private: Ipv4Net,
}

/// Block of a VPC that can be cut into 16 subnets of a size that AWS accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VpcBlock(Ipv4Net);

/// 2⁴ parts: three zones with two subnets each, and room to grow.
const CUT_BITS: u8 = 4;

/// The private subnets begin in the middle of the block, so that neither kind stands in the way of the other.
const FIRST_PRIVATE: u8 = 8;

impl VpcBlock {
    /// Reads a block.
    ///
    /// # Errors
    ///
    /// When it is no IPv4 block of /16 to /20 with its network address.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        text.parse::<Ipv4Net>()
            .ok()
            .filter(|block| (16..=20).contains(&block.prefix_len()) && block.trunc() == *block)
            .map(Self)
            .ok_or_else(|| {
                Invalid::new(
                    "spec.network.cidr",
                    format!("{text:?} is not an IPv4 block of /16 to /20 with its network address"),
                    "use a block such as 10.0.0.0/16",
                )
            })
    }

    /// The block as a whole.
    pub fn whole(self) -> Ipv4Net {
        self.0
    }

    /// Part `index` of 16.
    fn part(self, index: u8) -> Ipv4Net {
        let prefix = self.0.prefix_len() + CUT_BITS;
        let offset = u32::from(index) << (32 - u32::from(prefix));
        Ipv4Net::new_assert((u32::from(self.0.network()) | offset).into(), prefix)
    }
}

impl Network {
    pub(super) fn new(spec: &spec::Network, facts: &Facts) -> Result<Self, Vec<Invalid>> {
        let block = VpcBlock::new(&spec.cidr).map_err(|invalid| vec![invalid])?;
        let wanted = usize::try_from(spec.availability_zones).unwrap_or_default();
        // A region without any zone is said of the region.
        if (1..wanted).contains(&facts.zones.len()) {
            return Err(vec![Invalid::new(
                "spec.network.availabilityZones",
                format!(
                    "{wanted} zones are wanted, and the region has {} available: {}",
                    facts.zones.len(),
                    facts.zones.join(", ")
                ),
                "ask for fewer zones, or choose another region",
            )]);
        }
        let subnet = |(number, zone): (u8, &String)| Subnet {
            number,
            zone: zone.clone(),
            public: block.part(number - 1),
            private: block.part(FIRST_PRIVATE + number - 1),
        };
        Ok(Self { block, subnets: (1..).zip(facts.zones.iter().take(wanted)).map(subnet).collect() })
    }
}
