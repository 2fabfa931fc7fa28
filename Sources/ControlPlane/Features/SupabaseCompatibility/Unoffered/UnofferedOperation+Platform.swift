import APIKit
import HTTPTypes
import Identity

extension UnofferedOperation {
    /// Operations that pages of Studio have buttons for.
    static let platform = projects + organizations + integrations + data

    private static let projects: [UnofferedOperation] = {
        let project = "/platform/projects/{ref}"
        let exceptions = "\(project)/notifications/advisor/exceptions"
        let drains = "\(project)/analytics/log-drains"
        return [
            .refused(.post, "\(project)/resize", permissions: [.diskConfigWrite], feature: .resizing),
            .refused(.post, "\(project)/disk", permissions: [.diskConfigWrite], feature: .resizing),
            .refused(.post, "\(project)/disk/custom-config", permissions: [.diskConfigWrite], feature: .resizing),
            .refused(.post, "\(project)/billing/addons", permissions: [.addOnsWrite], feature: .addOns),
            .refused(
                .delete, "\(project)/billing/addons/{addon_variant}", permissions: [.addOnsWrite], feature: .addOns),
            .refused(.post, "\(project)/transfer", permissions: [.projectAdminWrite], feature: .transfers),
            .refused(.post, "\(project)/restore/cancel", permissions: [.projectAdminWrite], feature: .cancelRestore),
            .refused(
                .patch, "\(project)/config/supavisor", permissions: [.poolerConfigWrite], feature: .poolerSettings),
            .refused(.patch, "\(project)/config/pgbouncer", permissions: [.poolerConfigWrite], feature: .pgBouncer),
            .refused(.post, exceptions, permissions: [.projectAdminWrite], feature: .advice),
            .refused(.delete, exceptions, permissions: [.projectAdminWrite], feature: .advice),
            .refused(.post, drains, permissions: [.projectAdminWrite], feature: .logDrains),
            .refused(.put, "\(drains)/{token}", permissions: [.projectAdminWrite], feature: .logDrains),
            .absent(
                .delete, "\(drains)/{token}", permissions: [.projectAdminWrite],
                message: "this project has no log drain"),
        ]
    }()

    private static let organizations: [UnofferedOperation] = {
        let organization = "/platform/organizations/{slug}"
        let single = "\(organization)/sso"
        let money: [(HTTPRequest.Method, String)] = [
            (.put, "billing/subscription"), (.post, "billing/subscription/preview"), (.put, "customer"),
            (.patch, "customer"), (.put, "tax-ids"), (.delete, "tax-ids"), (.post, "payments/setup-intent"),
            (.delete, "payments"), (.put, "payments/default"), (.post, "billing/credits/top-up"),
            (.post, "billing/credits/redeem"),
        ]
        return [
            .absent(
                .get, single, permissions: [.organizationAdminRead], message: "this organization has no single sign-on"),
            .refused(.post, single, permissions: [.organizationAdminWrite], feature: .singleSignOn),
            .refused(.put, single, permissions: [.organizationAdminWrite], feature: .singleSignOn),
            .absent(
                .delete, single, permissions: [.organizationAdminWrite],
                message: "this organization has no single sign-on"),
            .refused(
                .get, "\(organization)/documents/{document}", permissions: [.organizationAdminRead], feature: .documents
            ),
            .refused(
                .post, "\(organization)/documents/{document}", permissions: [.organizationAdminRead],
                feature: .documents),
            .refused(.post, "\(organization)/oauth/apps", permissions: [.organizationAdminWrite], feature: .oauth),
        ]
            + money.map {
                .refused($0.0, "\(organization)/\($0.1)", permissions: [.organizationAdminWrite], feature: .billing)
            }
    }()

    private static let integrations: [UnofferedOperation] = [
        .absent(
            .get, "/platform/integrations/github/authorization", permissions: [], message: "GitHub is not connected"),
        .refused(.post, "/platform/integrations/github/authorization", permissions: [], feature: .gitHub),
        .absent(
            .delete, "/platform/integrations/github/authorization", permissions: [], message: "GitHub is not connected"),
        .refused(.post, "/platform/integrations/github/connections", permissions: [], feature: .gitHub),
    ]

    private static let data: [UnofferedOperation] =
        ["sources", "destinations", "pipelines"].map {
            .refused(.post, "/platform/replication/{ref}/\($0)", permissions: [.databaseWrite], feature: .replication)
        }
        + ["analytics-buckets", "vector-buckets"].map {
            .refused(.post, "/platform/storage/{ref}/\($0)", permissions: [.storageWrite], feature: .specialBuckets)
        }
}
