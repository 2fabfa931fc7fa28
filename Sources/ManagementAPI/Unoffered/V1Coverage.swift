/// What this installation does about every operation of the Management API, as its document of 2026-06-01 lists them.
enum V1Coverage: Sendable, Equatable {
    /// It is answered, with the documented status and shape.
    case served
    /// It is refused, with this message.
    case refused(String)
    /// There is nothing here that it could be about; the message says so.
    case notApplicable(String)

    /// What becomes of an operation, named as a route is: `GET /v1/projects`. Nothing for an unknown one.
    static func of(_ name: String) -> V1Coverage? {
        if let reason = alwaysRefused[name] { return .refused(reason) }
        if servedNames.contains(name) { return .served }
        guard let operation = UnofferedOperation.management.first(where: { $0.name == name }) else { return nil }
        return operation.isNotApplicable ? .notApplicable(operation.message) : .refused(operation.message)
    }

    /// Every operation by name.
    static var all: [String: V1Coverage] {
        let names = servedNames + UnofferedOperation.management.map(\.name)
        return Dictionary(names.compactMap { name in of(name).map { (name, $0) } }) { first, _ in first }
    }

    /// Operations with a route of their own that check the request and then refuse it, with the reason.
    static let alwaysRefused: [String: String] = {
        let keys = "/v1/projects/{ref}/config/auth/signing-keys"
        let disk = "/v1/projects/{ref}/config/disk"
        let backups = "/v1/projects/{ref}/database/backups"
        var reasons: [String: String] = [:]
        for name in ["POST \(keys)", "POST \(keys)/legacy", "PATCH \(keys)/{id}", "DELETE \(keys)/{id}"] {
            reasons[name] = "a project has one signing key"
        }
        for name in ["GET \(disk)", "POST \(disk)", "GET \(disk)/util"] {
            reasons[name] = "projects share the disk of the host"
        }
        for name in [
            "POST \(backups)/restore", "POST \(backups)/restore-pitr", "GET \(backups)/restore-point",
            "POST \(backups)/restore-point", "GET \(backups)/schedule", "PATCH \(backups)/schedule",
            "POST \(backups)/undo",
        ] {
            reasons[name] = "there are no backups of projects"
        }
        return reasons
    }()

    /// Names of the operations that have routes of their own.
    static let servedNames: [String] = methods.flatMap { path, methods in
        methods.split(separator: " ").map { "\($0) \(path)" }
    }.sorted()

    private static let methods: [String: String] = [
        "/v1/organizations": "GET POST",
        "/v1/organizations/{slug}": "GET",
        "/v1/organizations/{slug}/entitlements": "GET",
        "/v1/organizations/{slug}/members": "GET",
        "/v1/organizations/{slug}/projects": "GET",
        "/v1/profile": "GET",
        "/v1/projects": "GET POST",
        "/v1/projects/available-regions": "GET",
        "/v1/projects/{ref}": "DELETE GET PATCH",
        "/v1/projects/{ref}/actions": "GET HEAD",
        "/v1/projects/{ref}/advisors/performance": "GET",
        "/v1/projects/{ref}/advisors/security": "GET",
        "/v1/projects/{ref}/analytics/endpoints/functions.combined-stats": "GET",
        "/v1/projects/{ref}/analytics/endpoints/logs.all": "GET",
        "/v1/projects/{ref}/analytics/endpoints/usage.api-counts": "GET",
        "/v1/projects/{ref}/analytics/endpoints/usage.api-requests-count": "GET",
        "/v1/projects/{ref}/api-keys": "GET POST",
        "/v1/projects/{ref}/api-keys/legacy": "GET PUT",
        "/v1/projects/{ref}/api-keys/{id}": "DELETE GET PATCH",
        "/v1/projects/{ref}/billing/addons": "GET",
        "/v1/projects/{ref}/branches": "GET",
        "/v1/projects/{ref}/cli/login-role": "DELETE POST",
        "/v1/projects/{ref}/config/auth": "GET PATCH",
        "/v1/projects/{ref}/config/auth/signing-keys": "GET POST",
        "/v1/projects/{ref}/config/auth/signing-keys/legacy": "GET POST",
        "/v1/projects/{ref}/config/auth/signing-keys/{id}": "DELETE GET PATCH",
        "/v1/projects/{ref}/config/auth/third-party-auth": "GET",
        "/v1/projects/{ref}/config/database/pgbouncer": "GET",
        "/v1/projects/{ref}/config/database/pooler": "GET PATCH",
        "/v1/projects/{ref}/config/database/postgres": "GET PUT",
        "/v1/projects/{ref}/config/disk": "GET POST",
        "/v1/projects/{ref}/config/disk/autoscale": "GET",
        "/v1/projects/{ref}/config/disk/util": "GET",
        "/v1/projects/{ref}/config/realtime": "GET PATCH",
        "/v1/projects/{ref}/config/realtime/shutdown": "POST",
        "/v1/projects/{ref}/config/storage": "GET PATCH",
        "/v1/projects/{ref}/database/backups": "GET",
        "/v1/projects/{ref}/database/backups/restore": "POST",
        "/v1/projects/{ref}/database/backups/restore-pitr": "POST",
        "/v1/projects/{ref}/database/backups/restore-point": "GET POST",
        "/v1/projects/{ref}/database/backups/schedule": "GET PATCH",
        "/v1/projects/{ref}/database/backups/undo": "POST",
        "/v1/projects/{ref}/database/context": "GET",
        "/v1/projects/{ref}/database/jit": "GET",
        "/v1/projects/{ref}/database/jit/list": "GET",
        "/v1/projects/{ref}/database/migrations": "DELETE GET POST PUT",
        "/v1/projects/{ref}/database/migrations/{version}": "GET PATCH",
        "/v1/projects/{ref}/database/openapi": "GET",
        "/v1/projects/{ref}/database/password": "PATCH",
        "/v1/projects/{ref}/database/query": "POST",
        "/v1/projects/{ref}/database/query/read-only": "POST",
        "/v1/projects/{ref}/database/webhooks/enable": "POST",
        "/v1/projects/{ref}/functions": "GET POST PUT",
        "/v1/projects/{ref}/functions/deploy": "POST",
        "/v1/projects/{ref}/functions/{function_slug}": "DELETE GET PATCH",
        "/v1/projects/{ref}/functions/{function_slug}/body": "GET",
        "/v1/projects/{ref}/health": "GET",
        "/v1/projects/{ref}/jit-access": "GET",
        "/v1/projects/{ref}/network-bans": "DELETE",
        "/v1/projects/{ref}/network-bans/retrieve": "POST",
        "/v1/projects/{ref}/network-bans/retrieve/enriched": "POST",
        "/v1/projects/{ref}/network-restrictions": "GET PATCH",
        "/v1/projects/{ref}/network-restrictions/apply": "POST",
        "/v1/projects/{ref}/pause": "POST",
        "/v1/projects/{ref}/postgrest": "GET PATCH",
        "/v1/projects/{ref}/readonly": "GET",
        "/v1/projects/{ref}/readonly/temporary-disable": "POST",
        "/v1/projects/{ref}/restore": "GET POST",
        "/v1/projects/{ref}/secrets": "DELETE GET POST",
        "/v1/projects/{ref}/ssl-enforcement": "GET PUT",
        "/v1/projects/{ref}/storage/buckets": "GET",
        "/v1/projects/{ref}/types/typescript": "GET",
        "/v1/projects/{ref}/upgrade/eligibility": "GET",
        "/v1/projects/{ref}/upgrade/status": "GET",
        "/v1/projects/{ref}/vanity-subdomain": "GET",
        "/v1/projects/{ref}/vanity-subdomain/check-availability": "POST",
        "/v1/snippets": "GET",
        "/v1/snippets/{id}": "GET",
    ]
}
