import Foundation

/// What a manager under test is started with. Nothing in it collides with another manager on the host.
struct ManagerSettings: Sendable {
    /// Its data folder and log are in here.
    private(set) var folder: String
    private(set) var port: UInt16
    let token: String
    let subnetPool: String
    var portRange: ClosedRange<UInt16>
    var templates = Repository.templates
    /// The stack of projects that name none, unless it is the program's own choice.
    var stack: String?
    var databaseURL: String?
    var masterKeyFile: String?
    /// The engine's socket that this manager is given.
    var engineSocket = Engine.socket
    /// The data folder of the manager that this one is a neighbour of.
    private var sharedDataFolder: String?

    /// Ports for managers and for projects, all below the kernel's usual ephemeral range.
    private static let managerPorts: ClosedRange<UInt16> = 18_000...19_999
    private static let projectPorts: ClosedRange<UInt16> = 20_000...31_999
    private static let projectPortCount: UInt16 = 100

    var dataFolder: String { sharedDataFolder ?? folder + "/data" }
    var logFile: String { folder + "/manager.log" }
    var keyFile: String { masterKeyFile ?? dataFolder + "/master.key" }

    /// Settings of a new installation, with a folder of its own: short, since a Unix socket goes into it.
    init() async throws {
        folder = try Self.newFolder()
        port = try await Self.freePort()
        token = "sbp_" + (0..<40).map { _ in String(Int.random(in: 0...15), radix: 16) }.joined()
        let blocks = (Self.projectPorts.upperBound - Self.projectPorts.lowerBound) / Self.projectPortCount
        let first = Self.projectPorts.lowerBound + UInt16.random(in: 0...blocks) * Self.projectPortCount
        portRange = first...first + Self.projectPortCount - 1
        subnetPool = try await Self.freePool()
    }

    /// Settings of another manager of the same installation: with the same database and data folder, on another port.
    func neighbour() async throws -> ManagerSettings {
        var copy = self
        copy.sharedDataFolder = dataFolder
        copy.folder = try Self.newFolder()
        copy.port = try await Self.freePort()
        return copy
    }

    private static func newFolder() throws -> String {
        let folder = "/tmp/smtest-e2e-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o711])
        return folder
    }

    private static func freePort() async throws -> UInt16 {
        try await eventually("a free port for the manager", within: .seconds(5)) {
            let port = UInt16.random(in: managerPorts)
            return PortHolder.isFree(port) ? port : nil
        }
    }

    /// A /20 of 10.64.0.0/10 in which the engine has no network.
    private static func freePool() async throws -> String {
        let subnets = try await Engine.get("/networks").items.flatMap { $0["IPAM"]["Config"].items }
            .compactMap { $0["Subnet"].text }
        return try await eventually("a free block for subnets", within: .seconds(5)) {
            let second = Int.random(in: 64...127)
            let third = Int.random(in: 0...15) * 16
            let isTaken = subnets.contains { subnet in
                let octets = subnet.split { $0 == "." || $0 == "/" }.compactMap { Int($0) }
                guard octets.count == 5 else { return false }
                // Wide networks are judged by their first two octets, which errs on the safe side.
                return octets[0] == 10 && octets[1] == second && (octets[4] < 20 || octets[2] / 16 * 16 == third)
                    || octets[0] == 10 && octets[4] < 16
            }
            return isTaken ? nil : "10.\(second).\(third).0/20"
        }
    }

    var environment: [String: String] {
        var result = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin",
            "DOCKER_HOST": "unix://" + engineSocket,
            "SUPAMANAGER_LISTEN": "127.0.0.1:\(port)",
            "SUPAMANAGER_DATA_DIR": dataFolder,
            "SUPAMANAGER_IMAGE_REGISTRY": Engine.registry,
            "SUPAMANAGER_SUBNET_POOL": subnetPool,
            "SUPAMANAGER_PORT_RANGE": "\(portRange.lowerBound)-\(portRange.upperBound)",
            "SUPAMANAGER_ADMIN_TOKEN": token,
            "SUPAMANAGER_TEMPLATES": templates,
            "SUPAMANAGER_LOG_LEVEL": "debug",
            "SUPAMANAGER_RATE_LIMIT": "0",
            "SUPAMANAGER_PROJECTS_PER_ORGANIZATION": "0",
            // The packet filter is the whole machine's; one suite tests its rules.
            "SUPAMANAGER_NETWORK_RULES": "off",
        ]
        result["SUPAMANAGER_DATABASE_URL"] = databaseURL
        result["SUPAMANAGER_STACK"] = stack
        result["SUPAMANAGER_MASTER_KEY_FILE"] = masterKeyFile
        return result
    }
}
