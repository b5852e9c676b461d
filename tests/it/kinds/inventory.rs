//! What an account holds, whoever it belongs to: the lists of AWS as they are, without any of the kinds' own reading.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use aws_sdk_ec2::types::RouteTable;
use video_pipeline_operator::aws::Aws;

/// The ids of everything of `kind` in the account.
pub async fn of(kind: &str, aws: &Aws) -> BTreeSet<String> {
    let found: Vec<Option<String>> = match kind {
        "vpc"
        | "subnet"
        | "internetGateway"
        | "routeTable"
        | "routeTableAssociation"
        | "securityGroup"
        | "securityGroupRules" => network(kind, aws).await,
        "role" | "rolePolicy" => identity(kind, aws).await,
        "ecsCluster" | "taskDefinition" | "service" | "scalableTarget" | "scalingPolicy" => {
            processing(kind, aws).await
        }
        "dbSubnetGroup" | "dbClusterParameterGroup" | "dbCluster" | "dbInstance" | "secretRotation" => {
            storage(kind, aws).await
        }
        "stream" => {
            let page = aws.kinesis.list_streams().send().await.unwrap();
            page.stream_names.into_iter().map(Some).collect()
        }
        "queue" => {
            let page = aws.sqs.list_queues().send().await.unwrap();
            page.queue_urls.unwrap_or_default().into_iter().map(Some).collect()
        }
        "logGroup" => {
            let page = aws.logs.describe_log_groups().send().await.unwrap();
            page.log_groups().iter().map(|group| group.log_group_name.clone()).collect()
        }
        "alarm" => {
            let page = aws.cloudwatch.describe_alarms().send().await.unwrap();
            // Those that a scaling policy makes by itself are not ours to count.
            let alarms = page.metric_alarms().iter().filter_map(|alarm| alarm.alarm_name.clone());
            alarms.filter(|name| !name.starts_with("TargetTracking-")).map(Some).collect()
        }
        other => panic!("no list of AWS is known for {other}: add it"),
    };
    found.into_iter().flatten().collect()
}

async fn network(kind: &str, aws: &Aws) -> Vec<Option<String>> {
    let ec2 = &aws.ec2;
    match kind {
        "vpc" => {
            let page = ec2.describe_vpcs().send().await.unwrap();
            page.vpcs().iter().map(|vpc| vpc.vpc_id.clone()).collect()
        }
        "subnet" => {
            let page = ec2.describe_subnets().send().await.unwrap();
            page.subnets().iter().map(|subnet| subnet.subnet_id.clone()).collect()
        }
        "internetGateway" => {
            let page = ec2.describe_internet_gateways().send().await.unwrap();
            page.internet_gateways().iter().map(|gateway| gateway.internet_gateway_id.clone()).collect()
        }
        "securityGroup" => {
            let page = ec2.describe_security_groups().send().await.unwrap();
            page.security_groups().iter().map(|group| group.group_id.clone()).collect()
        }
        "securityGroupRules" => {
            let page = ec2.describe_security_group_rules().send().await.unwrap();
            page.security_group_rules().iter().map(|rule| rule.security_group_rule_id.clone()).collect()
        }
        "routeTable" => route_tables(aws).await.into_iter().map(|table| table.route_table_id).collect(),
        _ => {
            let tables = route_tables(aws).await;
            let associations = tables.iter().flat_map(RouteTable::associations);
            let explicit = associations.filter(|association| association.main() != Some(true));
            explicit.map(|association| association.route_table_association_id.clone()).collect()
        }
    }
}

async fn route_tables(aws: &Aws) -> Vec<RouteTable> {
    aws.ec2.describe_route_tables().send().await.unwrap().route_tables.unwrap_or_default()
}

async fn identity(kind: &str, aws: &Aws) -> Vec<Option<String>> {
    let roles = aws.iam.list_roles().path_prefix("/video-pipeline/").send().await.unwrap().roles;
    let names: Vec<String> = roles.into_iter().map(|role| role.role_name).collect();
    if kind == "role" {
        return names.into_iter().map(Some).collect();
    }
    let mut policies = Vec::new();
    for name in names {
        let page = aws.iam.list_role_policies().role_name(&name).send().await.unwrap();
        policies.extend(page.policy_names.into_iter().map(|policy| Some(format!("{name}/{policy}"))));
    }
    policies
}

async fn processing(kind: &str, aws: &Aws) -> Vec<Option<String>> {
    match kind {
        "taskDefinition" => {
            let page = aws.ecs.list_task_definitions().status("ACTIVE".into()).send().await.unwrap();
            page.task_definition_arns.unwrap_or_default().into_iter().map(Some).collect()
        }
        "scalableTarget" => {
            let call = aws.autoscaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
            let page = call.send().await.unwrap();
            page.scalable_targets().iter().map(|target| Some(target.resource_id.clone())).collect()
        }
        "scalingPolicy" => {
            let call = aws.autoscaling.describe_scaling_policies().service_namespace(ServiceNamespace::Ecs);
            let page = call.send().await.unwrap();
            page.scaling_policies().iter().map(|policy| Some(policy.policy_arn.clone())).collect()
        }
        _ => {
            let clusters = aws.ecs.list_clusters().send().await.unwrap().cluster_arns.unwrap_or_default();
            if kind == "ecsCluster" {
                return clusters.into_iter().map(Some).collect();
            }
            let mut services = Vec::new();
            for cluster in clusters {
                let page = aws.ecs.list_services().cluster(cluster).send().await.unwrap();
                services.extend(page.service_arns.unwrap_or_default().into_iter().map(Some));
            }
            services
        }
    }
}

async fn storage(kind: &str, aws: &Aws) -> Vec<Option<String>> {
    let rds = &aws.rds;
    match kind {
        "dbSubnetGroup" => {
            let page = rds.describe_db_subnet_groups().send().await.unwrap();
            page.db_subnet_groups().iter().map(|group| group.db_subnet_group_name.clone()).collect()
        }
        "dbClusterParameterGroup" => {
            let page = rds.describe_db_cluster_parameter_groups().send().await.unwrap();
            let groups = page.db_cluster_parameter_groups().iter();
            groups.map(|group| group.db_cluster_parameter_group_name.clone()).collect()
        }
        "dbCluster" => {
            let page = rds.describe_db_clusters().send().await.unwrap();
            page.db_clusters().iter().map(|cluster| cluster.db_cluster_identifier.clone()).collect()
        }
        "dbInstance" => {
            let page = rds.describe_db_instances().send().await.unwrap();
            page.db_instances().iter().map(|instance| instance.db_instance_identifier.clone()).collect()
        }
        _ => {
            let page = aws.secrets.list_secrets().send().await.unwrap();
            page.secret_list().iter().map(|secret| secret.arn.clone()).collect()
        }
    }
}
