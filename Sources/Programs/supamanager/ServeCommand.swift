import APIKit
import ArgumentParser
import FoundationEssentials
import ManagementAPI

/// `supamanager serve`: the manager itself.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the manager.",
        discussion: """
            Every option can also be given as an environment variable; the option wins. Without a database URL the \
            manager runs a private PostgreSQL in its data folder. The password of the first account comes from \
            SUPAMANAGER_ADMIN_PASSWORD only, because options are visible to all users of the machine. The Docker Engine \
            is reached through DOCKER_HOST (unix:// only), by default /var/run/docker.sock.
            """)

    @Option(help: "Address to listen on, HOST:PORT. [SUPAMANAGER_LISTEN; default: 127.0.0.1:8080]")
    var listen: String?

    @Option(help: "Folder for everything the manager keeps on disk. [SUPAMANAGER_DATA_DIR]")
    var dataDir: String?

    @Option(
        help: "PostgreSQL for the manager's state, postgres://…; by default a private one. [SUPAMANAGER_DATABASE_URL]")
    var databaseURL: String?

    @Option(help: "File with the master key; created at the first start. [SUPAMANAGER_MASTER_KEY_FILE]")
    var masterKeyFile: String?

    @Option(help: "Prefix of all image names, for a mirror or an air-gapped host. [SUPAMANAGER_IMAGE_REGISTRY]")
    var imageRegistry: String?

    @Option(help: "Host ports to lease, FIRST-LAST. [SUPAMANAGER_PORT_RANGE; default: 54320-65535]")
    var portRange: String?

    @Option(help: "Addresses to lease a /27 per project from. [SUPAMANAGER_SUBNET_POOL; default: 10.201.0.0/16]")
    var subnetPool: String?

    @Option(help: "Host address on which projects publish. [SUPAMANAGER_BIND_ADDRESS; default: 127.0.0.1]")
    var bindAddress: String?

    @Option(help: "Host name in the addresses of published ports. [SUPAMANAGER_PUBLIC_HOST]")
    var publicHost: String?

    @Option(help: "Access token with all rights, sbp_ and 40 hex digits. [SUPAMANAGER_ADMIN_TOKEN]")
    var adminToken: String?

    @Option(help: "E-mail address of the first account. [SUPAMANAGER_ADMIN_EMAIL]")
    var adminEmail: String?

    @Option(help: "Whether sign-up is open or closed. [SUPAMANAGER_SIGNUP; default: closed]")
    var signup: String?

    @Option(help: "Address at which clients reach this manager. [SUPAMANAGER_PUBLIC_URL; default: http://LISTEN]")
    var publicURL: String?

    @Option(help: "Origins of web pages that may call the API, separated by commas. [SUPAMANAGER_CORS_ORIGINS]")
    var corsOrigins: String?

    @Option(help: "Addresses of proxies whose X-Forwarded-For is trusted. [SUPAMANAGER_TRUSTED_PROXIES]")
    var trustedProxies: String?

    @Option(
        help: "Networks that notifications may go to besides the public internet. [SUPAMANAGER_NOTIFICATION_NETWORKS]")
    var notificationNetworks: String?

    @Option(help: "Requests per minute per account, scope and endpoint; 0: no limit. [SUPAMANAGER_RATE_LIMIT; 120]")
    var rateLimit: String?

    @Option(
        help: """
            Maximum number of projects per organization, including failed ones; 0: no limit. \
            [SUPAMANAGER_PROJECTS_PER_ORGANIZATION; 20]
            """)
    var projectsPerOrganization: String?

    @Option(help: "Folder with the stacks, one folder for each. [SUPAMANAGER_TEMPLATES]")
    var templates: String?

    @Option(help: "Folder with the files of the dashboard. [SUPAMANAGER_DASHBOARD]")
    var dashboard: String?

    @Option(help: "Default stack of new projects. [SUPAMANAGER_STACK; default: supabase]")
    var stack: String?

    @Option(help: "The Docker Engine's socket, unix:///path. [DOCKER_HOST; default: unix:///var/run/docker.sock]")
    var dockerHost: String?

    @Option(help: "Objects that belong to no project: report or remove. [SUPAMANAGER_ORPHANS; default: report]")
    var orphans: String?

    @Option(help: "Packet filter rules: install, check or off. [SUPAMANAGER_NETWORK_RULES; default: check]")
    var networkRules: String?

    @Option(
        help: """
            Folder for backups of projects, s3://BUCKET/PREFIX, or none for no backups. A bucket's endpoint and keys come \
            from SUPAMANAGER_BACKUPS_S3_ENDPOINT, _REGION, _ACCESS_KEY_ID and _SECRET_ACCESS_KEY only. \
            [SUPAMANAGER_BACKUPS; default: DATA_DIR/backups]
            """
    )
    var backups: String?

    @Option(help: "debug, info, notice, warning or error. [SUPAMANAGER_LOG_LEVEL; default: info]")
    var logLevel: String?

    @Option(help: "Form of the log on standard error: text or json. [SUPAMANAGER_LOG_FORMAT; default: text]")
    var logFormat: String?

    @Option(
        help: "Whether /metrics has series of each project: on or off. [SUPAMANAGER_METRICS_PROJECTS; default: off]")
    var metricsProjects: String?

    func run() async throws {
        let options = options
        try await StartFailure.reported(options: options) { settings in
            let warnings = StartWarnings.all(options: options, listenHost: settings.listen.host)
            try await Server(settings: settings, warnings: warnings).run()
        }
    }

    /// Options that were given, under the names of their environment variables.
    private var options: [String: String] {
        let given: [String: String?] = [
            "SUPAMANAGER_LISTEN": listen, "SUPAMANAGER_DATA_DIR": dataDir, "SUPAMANAGER_DATABASE_URL": databaseURL,
            "SUPAMANAGER_MASTER_KEY_FILE": masterKeyFile, "SUPAMANAGER_IMAGE_REGISTRY": imageRegistry,
            "SUPAMANAGER_PORT_RANGE": portRange, "SUPAMANAGER_SUBNET_POOL": subnetPool,
            "SUPAMANAGER_BIND_ADDRESS": bindAddress, "SUPAMANAGER_PUBLIC_HOST": publicHost,
            "SUPAMANAGER_ADMIN_TOKEN": adminToken, "SUPAMANAGER_TEMPLATES": templates, "SUPAMANAGER_STACK": stack,
            "SUPAMANAGER_DASHBOARD": dashboard,
            "DOCKER_HOST": dockerHost,
            "SUPAMANAGER_ADMIN_EMAIL": adminEmail, "SUPAMANAGER_SIGNUP": signup, "SUPAMANAGER_PUBLIC_URL": publicURL,
            "SUPAMANAGER_CORS_ORIGINS": corsOrigins, "SUPAMANAGER_TRUSTED_PROXIES": trustedProxies,
            "SUPAMANAGER_RATE_LIMIT": rateLimit, "SUPAMANAGER_NOTIFICATION_NETWORKS": notificationNetworks,
            "SUPAMANAGER_PROJECTS_PER_ORGANIZATION": projectsPerOrganization,
            "SUPAMANAGER_ORPHANS": orphans, "SUPAMANAGER_NETWORK_RULES": networkRules,
            "SUPAMANAGER_BACKUPS": backups, "SUPAMANAGER_LOG_LEVEL": logLevel,
            "SUPAMANAGER_LOG_FORMAT": logFormat, "SUPAMANAGER_METRICS_PROJECTS": metricsProjects,
        ]
        return given.compactMapValues { $0 }
    }
}
