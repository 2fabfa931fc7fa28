import APIKit
import Accounts
import BackupModel
import Clients
import ComposeTemplates
import Dashboard
import DockerEngine
import FoundationEssentials
import Glibc
import Installation
import Logging
import ManagementAPI
import Orchestrator
import PostgresKit
import ProjectModel
import Reconciler

/// What `serve` runs with: options first, then environment variables, then defaults; all checked.
struct ServeSettings: Sendable {
    var listen: ListenAddress
    var dataFolder: String
    /// Absent: the manager runs a private cluster.
    var database: PostgresConnectionParameters?
    var masterKeyFile: String
    var imageRegistry: String?
    var ports: PortRange
    var subnets: SubnetAllocator
    var bindAddress: String
    var publicHost: PublicHost
    /// Absent: the manager makes one and keeps it in its data folder.
    var adminToken: AccessToken?
    /// E-mail address of the first account.
    var adminEmail: String
    /// Password of the first account; absent, it cannot sign in by password.
    var adminPassword: Secret<String>?
    /// Whether sign-up is open.
    var isSignUpOpen: Bool
    /// Address of this manager as clients reach it; issuer of access tokens.
    var publicURL: String
    var cors: CORSPolicy
    var trustedProxies: TrustedProxies
    /// Where messages of notification channels may go.
    var alertPolicy: OutboundPolicy
    /// Absent: nothing is limited.
    var requestsPerMinute: Int?
    /// Absent: nothing is limited.
    var projectsPerOrganization: Int?
    /// The policy on objects on the engine that belong to no project.
    var orphans: OrphanPolicy
    /// The policy of packet filter rules.
    var networkRules: NetworkRulesPolicy
    /// The folder that holds the stacks.
    var templatesFolder: String
    /// The folder that holds the files of the dashboard.
    var dashboardFolder: String
    /// The stack of projects that name none.
    var stack: StackName
    var dockerHost: DockerHost
    /// Where backups go; absent: none are made.
    var backups: BackupStoreSettings?
    var logLevel: Logger.Level
    var logFormat: LogFormat
    /// Whether `/metrics` has series of each project.
    var hasProjectMetrics: Bool

    var projectsFolder: String { dataFolder + "/projects" }

    /// What is the same for all projects' stacks.
    var rendering: ComposeStackRenderer.Settings {
        ComposeStackRenderer.Settings(
            bindAddress: bindAddress, publicHost: publicHost.text, imageRegistry: imageRegistry,
            projectsFolder: projectsFolder)
    }

    /// A setting that cannot be used.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    init(options: [String: String], environment: [String: String]) throws {
        // An empty variable counts as not set, as in Compose.
        func value(_ name: String) -> String? { (options[name] ?? environment[name]).flatMap { $0.isEmpty ? nil : $0 } }
        func parsed<Value>(_ name: String, default text: String, parse: (String) -> Value?, form: String) throws
            -> Value
        {
            let given = value(name) ?? text
            guard let result = parse(given) else { throw Problem(description: "\(name)=\(given) is not \(form)") }
            return result
        }
        listen = try parsed(
            "SUPAMANAGER_LISTEN", default: "127.0.0.1:8080", parse: { ListenAddress($0) }, form: "HOST:PORT")
        dataFolder = Self.absolute(value("SUPAMANAGER_DATA_DIR") ?? Self.defaultDataFolder(environment))
        if let reason = Self.refusal(ofDataFolder: dataFolder) {
            throw Problem(description: "SUPAMANAGER_DATA_DIR=\(dataFolder) cannot be used: \(reason)")
        }
        database = try value("SUPAMANAGER_DATABASE_URL").map { try PostgresConnectionParameters(url: $0) }
        masterKeyFile = Self.absolute(value("SUPAMANAGER_MASTER_KEY_FILE") ?? dataFolder + "/master.key")
        imageRegistry = value("SUPAMANAGER_IMAGE_REGISTRY").map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        if let imageRegistry, ImageName.refusal(of: imageRegistry + "/image") != nil {
            throw Problem(
                description: "SUPAMANAGER_IMAGE_REGISTRY=\(imageRegistry) is not a prefix of image names such as "
                    + "registry.example.com:5000/mirror, without https://")
        }
        ports = try parsed(
            "SUPAMANAGER_PORT_RANGE", default: "54320-65535", parse: { PortRange($0) },
            form: "a range of ports, FIRST-LAST")
        subnets = try parsed(
            "SUPAMANAGER_SUBNET_POOL", default: "10.201.0.0/16",
            parse: { IPv4Network($0).flatMap { SubnetAllocator(pool: $0) } },
            form: "a network like 10.201.0.0/16, at least a /27")
        let bind = try parsed(
            "SUPAMANAGER_BIND_ADDRESS", default: "127.0.0.1", parse: { IPv4Address($0)?.description },
            form: "an IPv4 address")
        bindAddress = bind
        publicHost = try parsed(
            "SUPAMANAGER_PUBLIC_HOST", default: bind == "0.0.0.0" ? "127.0.0.1" : bind, parse: { PublicHost($0) },
            form: "a host name or an address, without scheme, port and path")
        adminToken = try value("SUPAMANAGER_ADMIN_TOKEN").map { try AccessToken($0) }
        adminEmail = value("SUPAMANAGER_ADMIN_EMAIL") ?? Self.defaultAdminEmail
        adminPassword = value("SUPAMANAGER_ADMIN_PASSWORD").map { Secret($0) }
        isSignUpOpen = try parsed("SUPAMANAGER_SIGNUP", default: "closed", parse: Self.isOpen, form: "open or closed")
        publicURL = try parsed(
            "SUPAMANAGER_PUBLIC_URL", default: "http://\(listen)", parse: Self.origin,
            form: "a URL like https://manager.example.com"
        )
        cors = CORSPolicy(
            origins: Set(
                try parsed("SUPAMANAGER_CORS_ORIGINS", default: "", parse: Self.origins, form: "a list of origins")))
        trustedProxies = TrustedProxies(
            addresses: try Self.proxies(value("SUPAMANAGER_TRUSTED_PROXIES") ?? ""))
        alertPolicy = OutboundPolicy(
            allowed: try parsed(
                "SUPAMANAGER_NOTIFICATION_NETWORKS", default: "", parse: Self.networks,
                form: "a list of networks such as 10.0.0.0/8 or fd00::/8, or addresses"))
        let limit = try parsed(
            "SUPAMANAGER_RATE_LIMIT", default: "120", parse: { Int($0).flatMap { $0 >= 0 ? $0 : nil } },
            form: "a number of requests a minute, 0 for no limit")
        requestsPerMinute = limit == 0 ? nil : limit
        let quota = try parsed(
            "SUPAMANAGER_PROJECTS_PER_ORGANIZATION", default: "20", parse: { Int($0).flatMap { $0 >= 0 ? $0 : nil } },
            form: "a number of projects, 0 for no limit")
        projectsPerOrganization = quota == 0 ? nil : quota
        orphans = try parsed(
            "SUPAMANAGER_ORPHANS", default: OrphanPolicy.report.rawValue, parse: { OrphanPolicy(rawValue: $0) },
            form: "report or remove")
        networkRules = try parsed(
            "SUPAMANAGER_NETWORK_RULES", default: NetworkRulesPolicy.check.rawValue,
            parse: { NetworkRulesPolicy(rawValue: $0) }, form: "install, check or off")
        guard value("SUPAMANAGER_TEMPLATE") == nil else {
            throw Problem(
                description: "SUPAMANAGER_TEMPLATE is not read any more: set SUPAMANAGER_TEMPLATES to the folder that"
                    + " holds the stacks, one folder each, and SUPAMANAGER_STACK to the one that new projects get")
        }
        templatesFolder = try Self.templatesFolder(value("SUPAMANAGER_TEMPLATES"))
        dashboardFolder = try Self.dashboardFolder(value("SUPAMANAGER_DASHBOARD"))
        stack = try parsed(
            "SUPAMANAGER_STACK", default: StackName.supabase.text, parse: { StackName($0) },
            form: "the name of a stack: lower-case letters, digits and hyphens, a letter first")
        dockerHost = try DockerHost(parsing: value("DOCKER_HOST"))
        backups = try Self.backupStore(dataFolder: dataFolder, value)
        logLevel = try parsed(
            "SUPAMANAGER_LOG_LEVEL", default: "info", parse: { Logger.Level(rawValue: $0) }, form: "a log level")
        logFormat = try parsed(
            "SUPAMANAGER_LOG_FORMAT", default: LogFormat.text.rawValue, parse: { LogFormat(rawValue: $0) },
            form: "text or json")
        hasProjectMetrics = try parsed(
            "SUPAMANAGER_METRICS_PROJECTS", default: "off", parse: { ["on": true, "off": false][$0] }, form: "on or off"
        )
    }

    /// Default address of the first account; no mail is sent to it.
    static let defaultAdminEmail = "admin@supamanager.localhost"

    private static func isOpen(_ text: String) -> Bool? {
        switch text {
        case "open": true
        case "closed": false
        default: nil
        }
    }

    /// Words separated by commas.
    private static func proxies(_ text: String) throws -> Set<ClientAddress> {
        var addresses: Set<ClientAddress> = []
        for word in words(text) {
            guard let address = ClientAddress(word) else {
                throw Problem(
                    description: "SUPAMANAGER_TRUSTED_PROXIES: \"\(word)\" is no IP address: name each proxy as the "
                        + "manager sees it, such as 127.0.0.1 or fd00::1")
            }
            addresses.insert(address)
        }
        return addresses
    }

    private static func networks(_ text: String) -> [AddressBlock]? {
        let networks = words(text).map { AddressBlock($0) }
        return networks.contains { $0 == nil } ? nil : networks.compactMap { $0 }
    }

    private static func words(_ text: String) -> [String] {
        text.split { $0 == "," || $0 == " " }.map(String.init)
    }

    /// Origins as browsers send them.
    private static func origins(_ text: String) -> [String]? {
        let origins = words(text).map(origin)
        return origins.contains { $0 == nil } ? nil : origins.compactMap { $0 }
    }

    /// Scheme, host and port, without a path.
    private static func origin(_ text: String) -> String? {
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        return trimmed.wholeMatch(of: /https?:\/\/[A-Za-z0-9.\-\[\]:]+/) == nil ? nil : trimmed
    }

    /// Why a path is of no use as the data folder; nil where it is.
    private static func refusal(ofDataFolder path: String) -> String? {
        // PostgreSQL reads a list of socket folders, separated by commas, and lines of configuration.
        if path.contains(",") {
            return "PostgreSQL takes a comma for the end of the path; choose a path without commas"
        }
        if path.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return "it has a control character; choose another path"
        }
        return nil
    }

    private static func defaultDataFolder(_ environment: [String: String]) -> String {
        guard geteuid() != 0 else { return "/var/lib/supamanager" }
        let base = environment["XDG_DATA_HOME"] ?? (environment["HOME"] ?? "") + "/.local/share"
        return base + "/supamanager"
    }

    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    private static func templatesFolder(_ given: String?) throws -> String {
        let found = installed("Templates", given) { !StackFolders(path: $0).names.isEmpty }
        guard let found else {
            throw Problem(description: "no stack was found: name the folder that holds them with SUPAMANAGER_TEMPLATES")
        }
        return found
    }

    private static func dashboardFolder(_ given: String?) throws -> String {
        guard let found = installed("Dashboard", given, isRight: DashboardFiles.isDashboard) else {
            throw Problem(
                description: "the dashboard's files were not found: name their folder with SUPAMANAGER_DASHBOARD")
        }
        return found
    }

    /// The given folder, or the one that came with the program: beside the working folder or above the executable.
    private static func installed(_ name: String, _ given: String?, isRight: (String) -> Bool) -> String? {
        if let given { return absolute(given) }
        var places = [FileManager.default.currentDirectoryPath]
        var place = CommandLine.arguments.first.map { URL(filePath: $0).standardizedFileURL.path } ?? ""
        if let resolved = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            place = resolved
        }
        while place.count > 1, let slash = place.lastIndex(of: "/") {
            place = String(place[..<slash])
            places += [place, place + "/share/supamanager"]
        }
        return places.map { "\($0)/\(name)" }.first(where: isRight)
    }
}
