//! What nobody changes by hand here, and why.

/// Fields that AWS could change, each with the reason why it is not tried.
pub const LEFT: [(&str, &str); 3] = [
    ("dbCluster.engineVersion", "it cannot go back, and a newer minor version is kept"),
    ("role.boundary", "it is somebody else's affair where the operator's settings name none"),
    ("internetGateway.vpc", "AWS does not detach it while tasks have public addresses"),
];
