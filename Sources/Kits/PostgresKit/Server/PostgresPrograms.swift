import Glibc

/// The server programs of one PostgreSQL version.
public struct PostgresPrograms: Sendable, Hashable {
    /// The folder that holds `initdb` and `postgres`.
    public let folder: String

    /// The major version, for instance 15.
    public let majorVersion: Int

    /// The path of `initdb`.
    public var initdb: String { folder + "/initdb" }

    /// The path of `postgres`.
    public var postgres: String { folder + "/postgres" }

    private static let versionDeadline: Duration = .seconds(10)

    /// Folders that hold one version's folders each: Debian's and Red Hat's ways.
    private static let versionedPlaces = [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")]

    /// The versions that are installed, newest first: in Debian's and Red Hat's places and in the search path.
    ///
    /// - Parameter searchPath: folders separated by colons, as in the variable `PATH`.
    public static func installed(searchPath: String) async -> [PostgresPrograms] {
        var folders: [String] = []
        for (place, prefix) in versionedPlaces {
            folders += subfolders(of: place).filter { $0.hasPrefix(prefix) }.map { "\(place)/\($0)/bin" }
        }
        folders += ["/usr/local/pgsql/bin"] + searchPath.split(separator: ":").map(String.init)
        var found: [PostgresPrograms] = []
        for folder in folders where !found.contains(where: { $0.folder == folder }) {
            if let programs = await inspect(folder) { found.append(programs) }
        }
        return found.sorted { $0.majorVersion > $1.majorVersion }
    }

    /// The programs in one folder, or nil if it does not hold both, or they do not run.
    public static func inspect(_ folder: String) async -> PostgresPrograms? {
        guard access(folder + "/initdb", X_OK) == 0, access(folder + "/postgres", X_OK) == 0 else { return nil }
        guard
            let completed = try? await ChildProcess.run(
                folder + "/postgres", arguments: ["--version"], environment: [:], within: versionDeadline),
            completed.isSuccess, let version = majorVersion(completed.output)
        else { return nil }
        return PostgresPrograms(folder: folder, majorVersion: version)
    }

    /// Reads `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`, `… 18beta1`.
    static func majorVersion(_ text: String) -> Int? {
        guard let marker = text.firstRange(of: "(PostgreSQL) ") else { return nil }
        return Int(text[marker.upperBound...].prefix { $0.isASCII && $0.isNumber })
    }

    private static func subfolders(of path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
