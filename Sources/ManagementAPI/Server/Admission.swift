import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// A request that may go on to its handler.
struct Admission: Sendable {
    let found: RouteTable.Found
    let principal: Principal?
    let project: ProjectRecord?
}

/// Decides whether a request goes on: who asks, how often, and whether they may.
struct Doorkeeper: Sendable {
    let verifier: any AccessTokenVerifier
    let catalog: ProjectCatalog
    let limiter: RateLimiter

    /// A refused request, and what the limiter said about it.
    struct Refusal: Error {
        let error: APIError
        let verdict: RateLimiter.Verdict?
    }

    /// Admits a request, with the limiter's verdict.
    func admit(
        _ found: RouteTable.Found, _ headers: HTTPFields, from address: String
    ) async throws(Refusal) -> (Admission, RateLimiter.Verdict?) {
        let principal: Principal?
        do throws(APIError) {
            principal = try await identify(found.route.access, headers)
        } catch {
            // Whoever has no valid token is counted by address, so that tokens cannot be guessed at full speed.
            let verdict = count(found, client: "address \(address)")
            throw Refusal(error: verdict?.refusal ?? error, verdict: verdict)
        }
        let verdict = count(found, client: principal.map { "account \($0.account.id)" } ?? "address \(address)")
        do throws(APIError) {
            if let refusal = verdict?.refusal { throw refusal }
            return (try await authorise(found, principal), verdict)
        } catch {
            throw Refusal(error: error, verdict: verdict)
        }
    }

    private func identify(_ access: Access, _ headers: HTTPFields) async throws(APIError) -> Principal? {
        if access == .open { return nil }
        let token = try bearerToken(in: headers)
        let principal: Principal?
        do { principal = try await verifier.principal(for: token) } catch { throw APIError(error) }
        guard let principal else { throw .unauthorized("the access token is not valid") }
        return principal
    }

    private func count(_ found: RouteTable.Found, client: String) -> RateLimiter.Verdict? {
        // What is open and only read is for the probes of load balancers, too.
        guard found.route.access != .open || found.route.method != .get else { return nil }
        let scope = found.parameters["ref"] ?? found.parameters["slug"] ?? ""
        return limiter.admit(RateLimiter.Key(client: client, scope: scope, endpoint: found.route.name))
    }

    /// What the path names decides where the permission is needed.
    private func authorise(_ found: RouteTable.Found, _ principal: Principal?) async throws(APIError) -> Admission {
        guard case .anyOf(let permissions) = found.route.access, let principal else {
            return Admission(found: found, principal: principal, project: nil)
        }
        if found.parameters["ref"] != nil {
            let ref = try APIRequest.ref(in: found.parameters)
            let record: ProjectRecord
            do {
                record =
                    try await found.route.reachesDeleted ? catalog.projectOrTombstone(ref) : catalog.project(ref)
            } catch { throw APIError(error) }
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
    var fields: HTTPFields {
        [.rateLimit: String(limit), .rateRemaining: String(remaining), .rateReset: String(reset)]
    }

    /// 429, when the request is one too many.
    var refusal: APIError? {
        guard !isAdmitted else { return nil }
        var error = APIError(.tooManyRequests, "more than \(limit) requests a minute: try again in \(reset) s")
        error.headers[.retryAfter] = String(reset)
        return error
    }
}
