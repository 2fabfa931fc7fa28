/// What answers say about this host and about the stack's template.
public struct ManagementAPIConfiguration: Sendable {
    /// Host name or address under which people reach the published ports of projects; no scheme, no port.
    public var publicHost: String
    /// Template variable that carries the leased port of PostgreSQL.
    public var databasePortVariable: String
    /// Template variable that carries the leased port of the gateway.
    public var gatewayPortVariable = "GATEWAY_PORT"
    /// Secret that holds the anon key.
    public var anonKeyVariable: String
    /// Secret that holds the service_role key.
    public var serviceKeyVariable: String
    /// Secret that holds the JWT secret.
    public var jwtSecretVariable: String
    /// Secret that holds the database password.
    public var databasePasswordVariable = "POSTGRES_PASSWORD"
    /// Secret that holds the dashboard's password.
    public var dashboardPasswordVariable = "DASHBOARD_PASSWORD"
    /// User name of the dashboard's login.
    public var dashboardUser = "supabase"
    /// The database that the template runs.
    public var database: DatabaseVersion
    /// Web pages that may call the API from a browser.
    public var cors = CORSPolicy()
    /// Proxies whose word about the client's address counts.
    public var trustedProxies = TrustedProxies()
    /// Requests a minute of one account, on one project or organization, on one endpoint; nil limits nothing.
    public var requestsPerMinute: Int? = 120
    /// The program's version, as the OpenAPI document names it.
    public var version = "0.1.0"

    /// A configuration; the names of the template that comes with SupaManager by default.
    public init(
        publicHost: String, databasePortVariable: String = "POSTGRES_PORT", anonKeyVariable: String = "ANON_KEY",
        serviceKeyVariable: String = "SERVICE_ROLE_KEY", jwtSecretVariable: String = "JWT_SECRET",
        database: DatabaseVersion
    ) {
        self.publicHost = publicHost
        self.databasePortVariable = databasePortVariable
        self.anonKeyVariable = anonKeyVariable
        self.serviceKeyVariable = serviceKeyVariable
        self.jwtSecretVariable = jwtSecretVariable
        self.database = database
    }
}

/// The PostgreSQL that projects run, in the words of the Management API.
public struct DatabaseVersion: Sendable, Equatable {
    /// Version of the image, beginning with PostgreSQL's major version: the Supabase CLI splits it at the first dot.
    public var version: String
    /// PostgreSQL's major version.
    public var engine: String
    /// Release channel.
    public var releaseChannel: String

    /// A version.
    public init(version: String, engine: String, releaseChannel: String = "ga") {
        self.version = version
        self.engine = engine
        self.releaseChannel = releaseChannel
    }

    /// The version that an image's tag tells, for example `17.6.1.175`; what stands before the first dot is
    /// PostgreSQL's major version.
    public init(imageTag tag: String) {
        self.init(version: tag, engine: String(tag.prefix { $0 != "." }))
    }
}
