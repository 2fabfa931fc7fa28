import DataPlaneCore

/// How processes of functions are started.
public struct FunctionConfiguration: Sendable {
    /// The program `deno`.
    public var program: String
    /// A folder that holds what processes need, and nothing else; it may be in memory.
    public var workFolder: String
    /// Addresses that functions may connect to, `host:port` each.
    public var reachable: [String] = []
    /// What functions see of the environment.
    public var environment: [String: String] = [:]
    /// Bounds.
    public var limits = FunctionLimits()
    /// `SB_REGION` of functions.
    public var region = "local"

    /// A configuration.
    public init(program: String, workFolder: String) {
        self.program = program
        self.workFolder = workFolder
    }

    /// Names that steer how programs and Deno itself run, and those of the service's own settings: functions do not
    /// get variables of these names.
    private static let ownPrefixes = ["PROJECTD_", "DENO_", "LD_", "GLIBC_", "MALLOC_"]
    private static let ownNames: Set<String> = [
        "PATH", "HOME", "HOSTNAME", "PWD", "SHLVL", "TERM", "USER", "NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "NO_COLOR",
        "TMPDIR", "TZDIR", "XDG_CACHE_HOME",
    ]

    /// What functions may see of a server's environment.
    public static func passedOn(_ environment: [String: String]) -> [String: String] {
        environment.filter { name, _ in
            !name.isEmpty && !ownNames.contains(name) && !ownPrefixes.contains { name.hasPrefix($0) }
        }
    }
}

/// One start of a function.
public struct FunctionLaunch: Sendable, Equatable {
    /// Name of this start, in logs and answers.
    public let executionID: String
    /// The function's name.
    public let slug: String
    /// The program.
    public let program: String
    /// Its arguments.
    public let arguments: [String]
    /// Its whole environment.
    public let environment: [String: String]
    /// A folder of its own, and in it the socket that it listens on.
    public let folder: String
    public let socket: String
    /// Where Deno keeps what it makes of the version's sources, by their paths: so each start of a version has the
    /// same. That of other versions is of no use any more.
    public let cache: String
    /// The folder of all functions.
    public let functions: String
    /// Files to write before, by path.
    public let files: [String: String]

    /// Whether a folder beside ``cache`` is that of another version of the function, or of a function that is not
    /// there any more. No name of a function has a dot.
    ///
    /// - Parameter deployed: what lies in ``functions``.
    public func isOutdated(cache name: String, deployed: Set<String>) -> Bool {
        guard let dot = name.firstIndex(of: ".") else { return false }
        let owner = String(name[..<dot])
        return owner == slug ? !cache.hasSuffix("/" + name) : !deployed.contains(owner)
    }

    /// Describes the start of a version.
    ///
    /// - Parameter importMap: the content of the version's import map, where it has one.
    /// - Throws: ``FunctionRefusal/bootError(retrySeconds:)`` for an import map that is no JSON.
    public init(
        _ version: FunctionVersion, executionID: String, importMap: [UInt8]?, in configuration: FunctionConfiguration
    ) throws(FunctionRefusal) {
        self.executionID = executionID
        slug = version.slug
        program = configuration.program
        folder = configuration.workFolder + "/" + executionID
        socket = folder + "/s"
        let stamp = version.stamp.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        cache = configuration.workFolder + "/cache/\(version.slug).\(stamp)"
        functions = version.folder.lastIndex(of: "/").map { String(version.folder[..<$0]) } ?? "."
        let platform = configuration.workFolder + "/" + FunctionPlatform.fileName
        let empty = configuration.workFolder + "/" + FunctionPlatform.emptyName
        let mapPath = version.folder + "/" + (version.importMap ?? "")
        guard let map = ImportMap.text(own: importMap, at: mapPath, empty: empty) else {
            throw .bootError(retrySeconds: nil)
        }
        files = [
            cache + "/main.ts": FunctionPlatform.main(importing: version.folder + "/" + version.entrypoint),
            cache + "/import_map.json": map,
        ]
        var values = configuration.environment
        values["SB_REGION"] = configuration.region
        values["SB_EXECUTION_ID"] = executionID
        values["SUPABASE_FUNCTION_SLUG"] = version.slug
        values["DENO_DEPLOYMENT_ID"] = "\(version.slug)_\(executionID)"
        values["DENO_DIR"] = cache
        values["DENO_NO_UPDATE_CHECK"] = "1"
        values["DENO_SERVE_ADDRESS"] = "unix:" + socket
        values["HOME"] = folder
        values["NO_COLOR"] = "1"
        environment = values
        arguments = Self.arguments(
            socket: socket, cache: cache, platform: platform, version: version, configuration)
    }

    /// Nothing is fetched, nothing is asked, and nothing is granted but the function's own files, its socket, its
    /// environment, which holds nothing that it may not see, and the addresses that the project's functions may reach.
    private static func arguments(
        socket: String, cache: String, platform: String, version: FunctionVersion,
        _ configuration: FunctionConfiguration
    ) -> [String] {
        // V8 counts what is its own only, and dies when it is full: the bound of the whole process is higher.
        let heap = max(16, (configuration.limits.memoryBytesMax >> 20) * 2 / 3)
        return [
            "run", "--quiet", "--no-prompt", "--no-remote", "--no-npm", "--cached-only", "--no-config", "--no-lock",
            "--no-check", "--import-map=\(cache)/import_map.json",
            "--allow-net=" + (["unix:" + socket] + configuration.reachable).joined(separator: ","),
            "--allow-read=" + [socket, version.folder].joined(separator: ","), "--allow-write=" + socket,
            "--allow-env", "--v8-flags=--max-old-space-size=\(heap)",
            "--preload=" + platform, cache + "/main.ts",
        ]
    }
}
