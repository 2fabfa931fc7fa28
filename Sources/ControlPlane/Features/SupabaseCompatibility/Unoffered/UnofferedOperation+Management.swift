import APIKit
import HTTPTypes
import Identity

extension UnofferedOperation {
    /// Operations of `/v1`, with the permissions that its documentation names.
    static let management = branches + access + network + lifecycle + claims + authentication + workflows

    private static let branchReaders: [Permission] = [.productionBranchesRead, .developmentBranchesRead]
    private static let branchWriters: [Permission] = [.productionBranchesWrite, .developmentBranchesWrite]
    private static let branchRemovers: [Permission] = [.productionBranchesDelete, .developmentBranchesDelete]
    private static let noBranch = "there is no such branch: branching is not offered by this installation"

    /// 422 is what clients take for "branching is not enabled" instead of a failure.
    private static let branches: [UnofferedOperation] = {
        let one = "/v1/branches/{branch_id_or_ref}"
        let list = "/v1/projects/{ref}/branches"
        return [
            .refused(
                .post, list, permissions: [.productionBranchesCreate, .developmentBranchesCreate], feature: .branching,
                status: .unprocessableContent),
            .refused(
                .delete, list, permissions: [.productionBranchesDelete], feature: .branching,
                status: .unprocessableContent),
            .absent(.get, "\(list)/{name}", permissions: branchReaders, message: noBranch),
            .absent(.get, one, permissions: branchReaders, message: noBranch),
            .absent(.patch, one, permissions: branchWriters, message: noBranch),
            .absent(.delete, one, permissions: branchRemovers, message: noBranch),
            .absent(.get, "\(one)/diff", permissions: branchWriters, message: noBranch),
            .absent(.post, "\(one)/merge", permissions: branchWriters, message: noBranch),
            .absent(.post, "\(one)/push", permissions: branchWriters, message: noBranch),
            .absent(.post, "\(one)/reset", permissions: branchWriters, message: noBranch),
            .absent(.post, "\(one)/restore", permissions: branchWriters, message: noBranch),
        ]
    }()

    private static let access: [UnofferedOperation] = {
        let jit = "/v1/projects/{ref}/database/jit"
        return [
            .refused(.post, jit, permissions: [.databaseJITRead], feature: .jit),
            .refused(.put, jit, permissions: [.databaseJITWrite], feature: .jit),
            .absent(
                .delete, "\(jit)/{user_id}", permissions: [.databaseJITWrite],
                message: "there is no just-in-time access to this project"),
            .refused(.put, "/v1/projects/{ref}/jit-access", permissions: [.projectAdminWrite], feature: .jit),
            .refused(.get, "/v1/projects/{ref}/pgsodium", permissions: [.projectAdminWrite], feature: .encryption),
            .refused(.put, "/v1/projects/{ref}/pgsodium", permissions: [.projectAdminWrite], feature: .encryption),
        ]
    }()

    private static let network: [UnofferedOperation] = {
        let hostname = "/v1/projects/{ref}/custom-hostname"
        let subdomain = "/v1/projects/{ref}/vanity-subdomain"
        let noHostname = "this project has no custom hostname"
        return [
            .absent(.get, hostname, permissions: [.customDomainRead], message: noHostname),
            .absent(.delete, hostname, permissions: [.customDomainWrite], message: noHostname),
            .refused(.post, "\(hostname)/initialize", permissions: [.customDomainWrite], feature: .hostnames),
            .refused(.post, "\(hostname)/reverify", permissions: [.customDomainWrite], feature: .hostnames),
            .refused(.post, "\(hostname)/activate", permissions: [.customDomainWrite], feature: .hostnames),
            .absent(
                .delete, subdomain, permissions: [.vanitySubdomainWrite],
                message: "this project has no vanity subdomain"),
            .refused(.post, "\(subdomain)/activate", permissions: [.vanitySubdomainWrite], feature: .subdomains),
        ]
    }()

    private static let lifecycle: [UnofferedOperation] = {
        let project = "/v1/projects/{ref}"
        return [
            .refused(.patch, "\(project)/billing/addons", permissions: [.addOnsWrite], feature: .addOns),
            .refused(
                .delete, "\(project)/billing/addons/{addon_variant}", permissions: [.addOnsWrite], feature: .addOns),
            .refused(.post, "\(project)/read-replicas/setup", permissions: [.readReplicasWrite], feature: .replicas),
            .refused(.post, "\(project)/read-replicas/remove", permissions: [.readReplicasWrite], feature: .replicas),
            .refused(.post, "\(project)/restore/cancel", permissions: [.projectAdminWrite], feature: .cancelRestore),
        ]
    }()

    private static let claims: [UnofferedOperation] = {
        let token = "/v1/projects/{ref}/claim-token"
        let claim = "/v1/organizations/{slug}/project-claim/{token}"
        let noToken = "this project has no claim token: handing projects over is not offered by this installation"
        let noClaim = "there is no such claim: handing projects over is not offered by this installation"
        return [
            .absent(.get, token, permissions: [.projectAdminRead], message: noToken),
            .refused(.post, token, permissions: [.organizationAdminWrite, .projectAdminWrite], feature: .claims),
            .absent(.delete, token, permissions: [.organizationAdminWrite, .projectAdminWrite], message: noToken),
            .absent(.get, claim, permissions: [.organizationAdminWrite], message: noClaim),
            .absent(.post, claim, permissions: [.organizationAdminWrite], message: noClaim),
        ]
    }()

    private static let authentication: [UnofferedOperation] = {
        let providers = "/v1/projects/{ref}/config/auth/sso/providers"
        let issuers = "/v1/projects/{ref}/config/auth/third-party-auth"
        // The contract's own words for a project without SAML.
        let noSAML = "SAML 2.0 support is not enabled for this project"
        let noIssuer = "this project has no such issuer of tokens"
        return [
            .absent(.get, providers, permissions: [.authConfigRead], message: noSAML),
            .absent(.post, providers, permissions: [.authConfigWrite], message: noSAML),
            .absent(.get, "\(providers)/{provider_id}", permissions: [.authConfigRead], message: noSAML),
            .absent(.put, "\(providers)/{provider_id}", permissions: [.authConfigWrite], message: noSAML),
            .absent(.delete, "\(providers)/{provider_id}", permissions: [.authConfigWrite], message: noSAML),
            .refused(.post, issuers, permissions: [.authConfigWrite], feature: .issuers),
            .absent(.get, "\(issuers)/{tpa_id}", permissions: [.authConfigRead], message: noIssuer),
            .absent(.delete, "\(issuers)/{tpa_id}", permissions: [.authConfigWrite], message: noIssuer),
            .refused(.get, "/v1/oauth/authorize", permissions: [], feature: .oauth),
            .refused(
                .get, "/v1/oauth/authorize/project-claim", permissions: [.organizationAdminWrite, .projectAdminWrite],
                feature: .oauth),
            .refused(.post, "/v1/oauth/token", permissions: [], feature: .oauth),
            .refused(.post, "/v1/oauth/revoke", permissions: [], feature: .oauth),
        ]
    }()

    private static let workflows: [UnofferedOperation] = {
        let run = "/v1/projects/{ref}/actions/{run_id}"
        let noRun = "there is no such run: branch workflows are not offered by this installation"
        return [
            .absent(.get, run, permissions: [.actionRunsRead], message: noRun),
            .absent(.get, "\(run)/logs", permissions: [.actionRunsRead], message: noRun),
            .absent(.patch, "\(run)/status", permissions: [.actionRunsWrite], message: noRun),
        ]
    }()
}
