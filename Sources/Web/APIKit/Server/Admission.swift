import Clients
package import HTTPTypes
package import Identity
import ProjectModel

/// A request that is admitted to its handler.
package struct Admission: Sendable {
    package let found: RouteTable.Found
    package let principal: Principal?
    package let project: (any PathProject)?
}

/// Decides whether a request is admitted: by credential, rate limit and permission.
package struct Authorizer: Sendable {
    package let verifier: any AccessTokenVerifier
    package let projects: any PathProjects
    package let limiter: RateLimiter
    /// Admits browsers to pages; without it no page is found.
    package var browsers: BrowserGate?

    package init(verifier: any AccessTokenVerifier, projects: any PathProjects, limiter: RateLimiter) {
        self.verifier = verifier
        self.projects = projects
        self.limiter = limiter
    }

    /// A refused request, and what the limiter said about it.
    package struct Refusal: Error {
        package let error: APIError
        package let verdict: RateLimiter.Verdict?
    }

    /// Admits a request, with the limiter's verdict.
    package func admit(
        _ found: RouteTable.Found, _ headers: HTTPFields, authority: String? = nil, from address: String
    ) async throws(Refusal) -> (Admission, RateLimiter.Verdict?) {
        let network = ClientAddress.network(of: address)
        let failing = "failures \(network)"
        // A network with too many failures is refused without a query.
        if found.route.access != .open, let verdict = limiter.isExhausted(client: failing, factor: Self.failuresFactor),
            let refusal = verdict.refusal
        {
            throw Refusal(error: refusal, verdict: verdict)
        }
        let principal: Principal?
        do throws(APIError) {
            principal = try await identify(for: found.route, headers, authority: authority)
        } catch {
            // Callers without a valid token are counted by network alone, on every route, so that tokens cannot be
            // guessed at full speed.
            let verdict = limiter.admit(
                client: failing, endpoint: RateLimiter.Endpoint(scope: "", name: ""), factor: Self.failuresFactor)
            throw Refusal(error: verdict?.refusal ?? error, verdict: verdict)
        }
        let verdict = count(found, principal: principal, network: network)
        do throws(APIError) {
            if let refusal = verdict?.refusal { throw refusal }
            return (try await authorise(found, principal), verdict)
        } catch {
            throw Refusal(error: error, verdict: verdict)
        }
    }

    /// The response to a request without a route. It is counted by network alone: its credential is not checked.
    package func refuseUnrouted(_ error: APIError, from address: String) -> Refusal {
        let verdict = limiter.admit(client: "unrouted \(ClientAddress.network(of: address))", endpoint: nil)
        return Refusal(error: verdict?.refusal ?? error, verdict: verdict)
    }

    /// Checks a request again when its body is complete, which its sender may have delayed: a session that ended
    /// meanwhile, or a role that was removed, is refused.
    package func confirm(
        _ admission: Admission, _ headers: HTTPFields, authority: String? = nil, after wait: Duration
    ) async throws(APIError) -> Admission {
        guard let before = admission.principal else { return admission }
        let principal = try await identify(for: admission.found.route, headers, authority: authority)
        guard principal != before || wait > Self.moment else { return admission }
        return try await authorise(admission.found, principal)
    }

    /// How long what was read of a project is believed.
    private static let moment: Duration = .milliseconds(100)

    /// Failures, in multiples of an endpoint's limit, after which a network's credentials are not checked.
    private static let failuresFactor = 10

    private func identify(
        for route: Route, _ headers: HTTPFields, authority: String?
    ) async throws(APIError) -> Principal? {
        if route.isPage, let browsers {
            return try await browsers.identify(route, headers, authority: authority)
        }
        if route.access == .open { return nil }
        let token = try bearerToken(in: headers)
        let principal: Principal?
        do { principal = try await verifier.principal(for: token) } catch { throw APIError(error) }
        guard let principal else { throw .unauthorized("the access token is not valid") }
        return principal
    }

    private func count(
        _ found: RouteTable.Found, principal: Principal?, network: String
    ) -> RateLimiter.Verdict? {
        if let principal {
            let scope = found.parameters["ref"] ?? found.parameters["slug"] ?? ""
            return limiter.admit(
                client: Self.client(principal, urgent: found.route.isUrgent),
                endpoint: RateLimiter.Endpoint(scope: scope, name: found.route.name))
        }
        // What is open, only read and costs nothing is for the probes of load balancers, too; what asks database and
        // engine is theirs within the bound of a network.
        if found.route.method == .get {
            guard found.route.isCostly else { return nil }
            return limiter.admit(client: "\(found.route.name) \(network)", endpoint: nil)
        }
        return limiter.admit(
            client: "network \(network)", endpoint: RateLimiter.Endpoint(scope: "", name: found.route.name))
    }

    /// Who is counted: an account's sessions and its tokens apart, and each session alone where it takes access away. No
    /// token keeps its owner from finding and ending it.
    private static func client(_ principal: Principal, urgent: Bool) -> String {
        let account = "account \(principal.account.id)"
        guard case .session = principal.credential else { return "\(account) tokens" }
        return urgent ? "\(account) \(principal.credential.auditText)" : "\(account) sessions"
    }

    /// Admits a known caller. What the path names decides where the permission is needed.
    func authorise(_ found: RouteTable.Found, _ principal: Principal?) async throws(APIError) -> Admission {
        guard let principal else { return Admission(found: found, principal: nil, project: nil) }
        let permissions: [Permission]
        switch found.route.access {
        case .open, .signedIn: return Admission(found: found, principal: principal, project: nil)
        case .wholeAccount:
            try principal.requireWholeAccount()
            return Admission(found: found, principal: principal, project: nil)
        case .session:
            try principal.requireSession()
            return Admission(found: found, principal: principal, project: nil)
        case .installation(let permission):
            try principal.require([permission], in: Organization.defaultSlug)
            return Admission(found: found, principal: principal, project: nil)
        case .anyOf(let anyOf): permissions = anyOf
        }
        if found.parameters["ref"] != nil {
            let ref = try APIRequest.ref(in: found.parameters)
            let record = try await projects.project(ref, orDeleted: found.route.reachesDeleted)
            try principal.require(permissions, in: record.organizationSlug, project: ref)
            return Admission(found: found, principal: principal, project: record)
        }
        if let slug = found.parameters["slug"] {
            try principal.require(permissions, in: slug)
        } else {
            try principal.require(permissions)
        }
        return Admission(found: found, principal: principal, project: nil)
    }
}

extension RateLimiter.Verdict {
    /// Header fields that every answer carries.
    package var fields: HTTPFields {
        [.rateLimit: String(limit), .rateRemaining: String(remaining), .rateReset: String(reset)]
    }

    /// 429, when the request is one too many.
    package var refusal: APIError? {
        guard !isAdmitted else { return nil }
        var error = APIError(.tooManyRequests, "more than \(limit) requests a minute: try again in \(reset) s")
        error.headers[.retryAfter] = String(reset)
        return error
    }
}
