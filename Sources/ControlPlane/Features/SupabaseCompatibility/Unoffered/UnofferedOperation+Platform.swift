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
            .refused(.post, "\(project)/resize", [.diskConfigWrite], .resizing),
            .refused(.post, "\(project)/disk", [.diskConfigWrite], .resizing),
            .refused(.post, "\(project)/disk/custom-config", [.diskConfigWrite], .resizing),
            .refused(.post, "\(project)/billing/addons", [.addOnsWrite], .addOns),
            .refused(.delete, "\(project)/billing/addons/{addon_variant}", [.addOnsWrite], .addOns),
            .refused(.post, "\(project)/transfer", [.projectAdminWrite], .transfers),
            .refused(.post, "\(project)/restore/cancel", [.projectAdminWrite], .cancelRestore),
            .refused(.patch, "\(project)/config/supavisor", [.poolerConfigWrite], .poolerSettings),
            .refused(.patch, "\(project)/config/pgbouncer", [.poolerConfigWrite], .pgBouncer),
            .refused(.post, exceptions, [.projectAdminWrite], .advice),
            .refused(.delete, exceptions, [.projectAdminWrite], .advice),
            .refused(.post, drains, [.projectAdminWrite], .logDrains),
            .refused(.put, "\(drains)/{token}", [.projectAdminWrite], .logDrains),
            .absent(.delete, "\(drains)/{token}", [.projectAdminWrite], "this project has no log drain"),
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
            .absent(.get, single, [.organizationAdminRead], "this organization has no single sign-on"),
            .refused(.post, single, [.organizationAdminWrite], .singleSignOn),
            .refused(.put, single, [.organizationAdminWrite], .singleSignOn),
            .absent(.delete, single, [.organizationAdminWrite], "this organization has no single sign-on"),
            .refused(.get, "\(organization)/documents/{document}", [.organizationAdminRead], .documents),
            .refused(.post, "\(organization)/documents/{document}", [.organizationAdminRead], .documents),
            .refused(.post, "\(organization)/oauth/apps", [.organizationAdminWrite], .oauth),
        ] + money.map { .refused($0.0, "\(organization)/\($0.1)", [.organizationAdminWrite], .billing) }
    }()

    private static let integrations: [UnofferedOperation] = [
        .absent(.get, "/platform/integrations/github/authorization", [], "GitHub is not connected"),
        .refused(.post, "/platform/integrations/github/authorization", [], .gitHub),
        .absent(.delete, "/platform/integrations/github/authorization", [], "GitHub is not connected"),
        .refused(.post, "/platform/integrations/github/connections", [], .gitHub),
    ]

    private static let data: [UnofferedOperation] =
        ["sources", "destinations", "pipelines"].map {
            .refused(.post, "/platform/replication/{ref}/\($0)", [.databaseWrite], .replication)
        }
        + ["analytics-buckets", "vector-buckets"].map {
            .refused(.post, "/platform/storage/{ref}/\($0)", [.storageWrite], .specialBuckets)
        }
}
