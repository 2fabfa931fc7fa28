import APIKit
import HTTPTypes
import Identity

/// An unsupported operation: it exists, checks the caller, and refuses with the reason, instead of an unknown path.
struct UnofferedOperation: Sendable {
    let method: HTTPRequest.Method
    let path: String
    let access: Access
    let status: HTTPResponse.Status
    /// The answer's message.
    let message: String
    /// Whether there is nothing here that the operation could be about, rather than something that is not done.
    let isNotApplicable: Bool

    private init(
        _ method: HTTPRequest.Method, _ path: String, access: Access, status: HTTPResponse.Status,
        message: String, isNotApplicable: Bool
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.status = status
        self.message = message
        self.isNotApplicable = isNotApplicable
    }

    /// An unsupported operation, and what to do instead.
    static func refused(
        _ method: HTTPRequest.Method, _ path: String, permissions: [Permission], feature: Feature,
        status: HTTPResponse.Status = .forbidden
    ) -> UnofferedOperation {
        let access: Access = permissions.isEmpty ? .signedIn : .anyOf(permissions)
        return UnofferedOperation(
            method, path, access: access, status: status,
            message: "\(feature.name) not offered by this installation: \(feature.advice)", isNotApplicable: false)
    }

    /// An object that does not exist here.
    static func absent(
        _ method: HTTPRequest.Method, _ path: String, permissions: [Permission], message: String
    ) -> UnofferedOperation {
        let access: Access = permissions.isEmpty ? .signedIn : .anyOf(permissions)
        return UnofferedOperation(
            method, path, access: access, status: .notFound, message: message, isNotApplicable: true)
    }

    /// The name of its route.
    var name: String { "\(method.rawValue) \(path)" }

    /// Every one of them.
    static var all: [UnofferedOperation] { management + platform }

    var route: Route {
        Route(
            method, path, access: access,
            operation: Operation(
                summary: "Not offered here: always refused", body: method == .get ? .none : .optionalJSON(.anything),
                answer: .json(Schema.fields(.init("message", .text)), status))
        ) { _ in throw APIError(status, message) }.supported(as: isNotApplicable ? .notApplicable : .refused)
    }
}

/// An unsupported feature: "… is/are", and what to do instead.
struct Feature: Sendable {
    let name: String
    let advice: String

    static let branching = Feature(name: "branching is", advice: "create another project and restore a dump into it")
    static let claims = Feature(
        name: "handing projects over is", advice: "invite the other side as a member of the organization")
    static let addOns = Feature(name: "add-ons are", advice: "a project has what its host has")
    static let hostnames = Feature(
        name: "custom hostnames are", advice: "put a reverse proxy of your own in front of the project's gateway")
    static let subdomains = Feature(
        name: "vanity subdomains are", advice: "put a reverse proxy of your own in front of the project's gateway")
    static let jit = Feature(
        name: "just-in-time database access is", advice: "create a role with a limited life in SQL")
    static let encryption = Feature(
        name: "reading and setting the pgsodium root key is",
        advice: "keep secrets in Vault, whose key is the project's")
    static let replicas = Feature(name: "read replicas are", advice: "every project has one database on this host")
    static let cancelRestore = Feature(
        name: "cancelling a restore is", advice: "wait until the project runs, and pause it")
    static let oauth = Feature(
        name: "OAuth for applications is", advice: "use a personal access token, scoped to what it is for")
    static let issuers = Feature(
        name: "third-party issuers of tokens are", advice: "sign tokens with the project's own JWT secret")
    static let workflows = Feature(name: "branch workflows are", advice: "run migrations with the Supabase CLI")
    static let resizing = Feature(name: "resizing is", advice: "the disk and the memory are the host's")
    static let transfers = Feature(
        name: "moving a project to another organization is", advice: "create one there and restore a dump")
    static let pgBouncer = Feature(name: "PgBouncer is", advice: "enable the service pooler, and use its port")
    static let poolerSettings = Feature(
        name: "changing the pooler here is", advice: "use PATCH /v1/projects/{ref}/config/database/pooler")
    static let logDrains = Feature(
        name: "log drains are", advice: "collect the logs of the containers on the host, with its own tools")
    static let advice = Feature(name: "dismissing advice is", advice: "change what the advice is about, or ignore it")
    static let gitHub = Feature(
        name: "connecting to GitHub is", advice: "deploy with the Supabase CLI from your own jobs")
    static let singleSignOn = Feature(name: "single sign-on to the dashboard is", advice: "sign in with a password")
    static let documents = Feature(
        name: "compliance documents are", advice: "ask the operator of this installation")
    static let billing = Feature(name: "billing is", advice: "usage is free and not limited by a plan")
    static let replication = Feature(
        name: "managed replication is", advice: "use logical replication of PostgreSQL, in SQL")
    static let specialBuckets = Feature(name: "analytics and vector buckets are", advice: "use ordinary buckets")
}
