import DataPlaneCore
import FoundationEssentials

/// What lies in a function's folder.
public struct FunctionVersion: Sendable, Equatable {
    /// The function's name.
    public var slug: String
    /// Its folder.
    public var folder: String
    /// Changes with every deployment.
    public var stamp: String
    /// Whether a request needs a token.
    public var verifiesTokens: Bool
    /// The file that runs, below the folder.
    public var entrypoint: String
    /// The import map, below the folder.
    public var importMap: String?

    /// A version.
    public init(
        slug: String, folder: String, stamp: String, verifiesTokens: Bool = true, entrypoint: String = "index.ts",
        importMap: String? = nil
    ) {
        self.slug = slug
        self.folder = folder
        self.stamp = stamp
        self.verifiesTokens = verifiesTokens
        self.entrypoint = entrypoint
        self.importMap = importMap
    }
}

/// The folder of all functions. What lies there is what runs: it is looked at for every request.
public struct FunctionFolder: Sendable {
    /// What a deployment leaves beside a function's files.
    static let markerName = ".supamanager.json"
    private static let markerBytesMax = 16 << 10
    private static let plainEntrypoint = "index.ts"

    private let root: String
    private let verifiesTokens: Bool

    /// A folder with one folder for each function.
    ///
    /// - Parameter verifiesTokens: whether a function that was not deployed, but put there, needs a token.
    public init(_ root: String, verifiesTokens: Bool) {
        self.root = root
        self.verifiesTokens = verifiesTokens
    }

    /// The version that runs; nil where there is no such function.
    public func version(of slug: String) -> FunctionVersion? {
        let folder = root + "/" + slug
        guard let data = FileManager.default.contents(atPath: folder + "/" + Self.markerName) else {
            return plainVersion(of: slug, in: folder)
        }
        guard data.count <= Self.markerBytesMax else { return nil }
        return Self.version(marker: Array(data), slug: slug, folder: folder)
    }

    static func version(marker: [UInt8], slug: String, folder: String) -> FunctionVersion? {
        guard let json = try? JSONText(marker), let stamp = json["stamp"]?.stringValue,
            case .bool(let verifies)? = json["verify_jwt"], let entrypoint = json["entrypoint_path"]?.stringValue,
            isBelow(entrypoint)
        else { return nil }
        let importMap = json["import_map_path"]?.stringValue
        guard importMap.map(isBelow) ?? true else { return nil }
        return FunctionVersion(
            slug: slug, folder: folder, stamp: stamp, verifiesTokens: verifies, entrypoint: entrypoint,
            importMap: importMap)
    }

    /// Whether a relative path stays in its folder.
    private static func isBelow(_ path: String) -> Bool {
        !path.isEmpty && path.utf8.allSatisfy { $0 != 0 }
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".."
            }
    }

    private func plainVersion(of slug: String, in folder: String) -> FunctionVersion? {
        let path = folder + "/" + Self.plainEntrypoint
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let changed = attributes[.modificationDate] as? Date, let size = attributes[.size]
        else { return nil }
        return FunctionVersion(
            slug: slug, folder: folder, stamp: "\(changed.timeIntervalSince1970) \(size)",
            verifiesTokens: verifiesTokens)
    }
}
