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
                .post, list, [.productionBranchesCreate, .developmentBranchesCreate], .branching,
                status: .unprocessableContent),
            .refused(.delete, list, [.productionBranchesDelete], .branching, status: .unprocessableContent),
            .absent(.get, "\(list)/{name}", branchReaders, noBranch), .absent(.get, one, branchReaders, noBranch),
            .absent(.patch, one, branchWriters, noBranch), .absent(.delete, one, branchRemovers, noBranch),
            .absent(.get, "\(one)/diff", branchWriters, noBranch),
            .absent(.post, "\(one)/merge", branchWriters, noBranch),
            .absent(.post, "\(one)/push", branchWriters, noBranch),
            .absent(.post, "\(one)/reset", branchWriters, noBranch),
            .absent(.post, "\(one)/restore", branchWriters, noBranch),
        ]
    }()

    private static let access: [UnofferedOperation] = {
        let jit = "/v1/projects/{ref}/database/jit"
        return [
            .refused(.post, jit, [.databaseJITRead], .jit), .refused(.put, jit, [.databaseJITWrite], .jit),
            .absent(
                .delete, "\(jit)/{user_id}", [.databaseJITWrite], "there is no just-in-time access to this project"),
            .refused(.put, "/v1/projects/{ref}/jit-access", [.projectAdminWrite], .jit),
            .refused(.get, "/v1/projects/{ref}/pgsodium", [.projectAdminWrite], .encryption),
            .refused(.put, "/v1/projects/{ref}/pgsodium", [.projectAdminWrite], .encryption),
        ]
    }()

    private static let network: [UnofferedOperation] = {
        let hostname = "/v1/projects/{ref}/custom-hostname"
        let subdomain = "/v1/projects/{ref}/vanity-subdomain"
        let noHostname = "this project has no custom hostname"
        return [
            .absent(.get, hostname, [.customDomainRead], noHostname),
            .absent(.delete, hostname, [.customDomainWrite], noHostname),
            .refused(.post, "\(hostname)/initialize", [.customDomainWrite], .hostnames),
            .refused(.post, "\(hostname)/reverify", [.customDomainWrite], .hostnames),
            .refused(.post, "\(hostname)/activate", [.customDomainWrite], .hostnames),
            .absent(.delete, subdomain, [.vanitySubdomainWrite], "this project has no vanity subdomain"),
            .refused(.post, "\(subdomain)/activate", [.vanitySubdomainWrite], .subdomains),
        ]
    }()

    private static let lifecycle: [UnofferedOperation] = {
        let project = "/v1/projects/{ref}"
        return [
            .refused(.patch, "\(project)/billing/addons", [.addOnsWrite], .addOns),
            .refused(.delete, "\(project)/billing/addons/{addon_variant}", [.addOnsWrite], .addOns),
            .refused(.post, "\(project)/read-replicas/setup", [.readReplicasWrite], .replicas),
            .refused(.post, "\(project)/read-replicas/remove", [.readReplicasWrite], .replicas),
            .refused(.post, "\(project)/restore/cancel", [.projectAdminWrite], .cancelRestore),
        ]
    }()

    private static let claims: [UnofferedOperation] = {
        let token = "/v1/projects/{ref}/claim-token"
        let claim = "/v1/organizations/{slug}/project-claim/{token}"
        let noToken = "this project has no claim token: handing projects over is not offered by this installation"
        let noClaim = "there is no such claim: handing projects over is not offered by this installation"
        return [
            .absent(.get, token, [.projectAdminRead], noToken),
            .refused(.post, token, [.organizationAdminWrite, .projectAdminWrite], .claims),
            .absent(.delete, token, [.organizationAdminWrite, .projectAdminWrite], noToken),
            .absent(.get, claim, [.organizationAdminWrite], noClaim),
            .absent(.post, claim, [.organizationAdminWrite], noClaim),
        ]
    }()

    private static let authentication: [UnofferedOperation] = {
        let providers = "/v1/projects/{ref}/config/auth/sso/providers"
        let issuers = "/v1/projects/{ref}/config/auth/third-party-auth"
        // The contract's own words for a project without SAML.
        let noSAML = "SAML 2.0 support is not enabled for this project"
        let noIssuer = "this project has no such issuer of tokens"
        return [
            .absent(.get, providers, [.authConfigRead], noSAML), .absent(.post, providers, [.authConfigWrite], noSAML),
            .absent(.get, "\(providers)/{provider_id}", [.authConfigRead], noSAML),
            .absent(.put, "\(providers)/{provider_id}", [.authConfigWrite], noSAML),
            .absent(.delete, "\(providers)/{provider_id}", [.authConfigWrite], noSAML),
            .refused(.post, issuers, [.authConfigWrite], .issuers),
            .absent(.get, "\(issuers)/{tpa_id}", [.authConfigRead], noIssuer),
            .absent(.delete, "\(issuers)/{tpa_id}", [.authConfigWrite], noIssuer),
            .refused(.get, "/v1/oauth/authorize", [], .oauth),
            .refused(.get, "/v1/oauth/authorize/project-claim", [.organizationAdminWrite, .projectAdminWrite], .oauth),
            .refused(.post, "/v1/oauth/token", [], .oauth), .refused(.post, "/v1/oauth/revoke", [], .oauth),
        ]
    }()

    private static let workflows: [UnofferedOperation] = {
        let run = "/v1/projects/{ref}/actions/{run_id}"
        let noRun = "there is no such run: branch workflows are not offered by this installation"
        return [
            .absent(.get, run, [.actionRunsRead], noRun), .absent(.get, "\(run)/logs", [.actionRunsRead], noRun),
            .absent(.patch, "\(run)/status", [.actionRunsWrite], noRun),
        ]
    }()
}
