public import APIKit
public import Clients
import ProjectModel

/// The host's data in responses.
public struct ManagementAPIConfiguration: Sendable {
    /// Host name or address under which people reach the published ports of projects; no scheme, no port.
    public var publicHost: String
    /// Web pages that may call the API from a browser.
    public var cors = CORSPolicy()
    /// Proxies whose word about the client's address counts.
    public var trustedProxies = TrustedProxies()
    /// Requests a minute of one account, on one project or organization, on one endpoint; nil limits nothing.
    public var requestsPerMinute: Int? = 120
    /// The program's version, as the OpenAPI document names it.
    public var version = "0.1.0"

    /// A configuration of a host.
    public init(publicHost: String) { self.publicHost = publicHost }
}

/// The PostgreSQL of a stack, in the words of the Management API.
struct DatabaseVersion: Sendable, Equatable {
    /// Version of the image, beginning with PostgreSQL's major version: the Supabase CLI splits it at the first dot.
    let version: String
    /// PostgreSQL's major version.
    let engine: String
    /// Release channel.
    let releaseChannel = "ga"

    /// The version by the tag of the database's image, for example `17.6.1.175`; what stands before the first dot is
    /// PostgreSQL's major version.
    init(_ roles: StackRoles) {
        version = roles.databaseVersion ?? "unknown"
        engine = String(version.prefix { $0 != "." })
    }
}
