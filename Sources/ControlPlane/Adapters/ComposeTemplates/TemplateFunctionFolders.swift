import FoundationEssentials
public import FunctionModel
import Orchestrator
public import ProjectModel

/// Copies of functions in projects' folders, laid out as the template's router runs them: a folder for each,
/// with an `index.ts` that is the entry point or imports it.
///
/// A copy is made beside its place and moved there whole. Each holds a marker that names its version: it distinguishes
/// the copies from the template's own functions, and says whether a request needs a token.
public struct TemplateFunctionFolders: FunctionFolders {
    /// Largest marker that is read, in bytes.
    static let markerBytesMax = 16 << 10

    private let root: String

    /// Copies below `root`, the folder of all projects' folders.
    public init(root: String) { self.root = root }

    /// Reads the markers, and removes what an interrupted write left behind.
    public func stamps(of ref: ProjectRef, in functions: String) throws(FunctionError) -> [String: String]? {
        let folder = self.folder(of: ref, functions)
        guard FileManager.default.fileExists(atPath: folder) else { return nil }
        return try files { () throws in
            var stamps: [String: String] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                if name.hasPrefix(Self.unfinishedPrefix) {
                    try FileManager.default.removeItem(atPath: folder + "/" + name)
                } else if let marker = FunctionMarker.read(folder + "/" + name) {
                    stamps[name] = marker.stamp
                }
            }
            return stamps
        }
    }

    /// Writes a copy and moves it into its place. For the moment between two renames there is none: requests are
    /// answered that there is no such function.
    public func write(_ function: DeployedFunction, in functions: String) throws(FunctionError) {
        let folder = self.folder(of: function.function.ref, functions)
        let slug = function.function.slug
        let (new, old) = (folder + "/" + Self.unfinishedPrefix + slug, folder + "/" + Self.replacedPrefix + slug)
        try files { () throws in
            try Self.removeIfThere(new)
            try Self.removeIfThere(old)
            // Not with the folders above it: when the project's folder is gone, it must not be recreated.
            try FileManager.default.createDirectory(
                atPath: new, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
            for file in try FunctionLayout(function).files { try Self.write(file, below: new) }
            let place = folder + "/" + slug
            if FileManager.default.fileExists(atPath: place) {
                try FileManager.default.moveItem(atPath: place, toPath: old)
            }
            try FileManager.default.moveItem(atPath: new, toPath: place)
            try Self.removeIfThere(old)
        }
    }

    /// Removes a copy; what carries no marker is the template's and stays.
    public func remove(_ slug: String, of ref: ProjectRef, in functions: String) throws(FunctionError) {
        let place = folder(of: ref, functions) + "/" + slug
        guard FunctionMarker.read(place) != nil else { return }
        try files { () throws in try FileManager.default.removeItem(atPath: place) }
    }

    /// Whether a file of the template lies where a deployed function has taken its place.
    static func isReplaced(_ relative: String, inProjectFolder folder: String, functions: String?) -> Bool {
        guard let functions, relative.hasPrefix(functions + "/") else { return false }
        let parts = relative.dropFirst(functions.count + 1).split(separator: "/")
        guard parts.count > 1, let slug = parts.first else { return false }
        return FunctionMarker.read(folder + "/" + functions + "/" + slug) != nil
    }

    // No function's name begins with a dot, so the router never looks here.
    private static let unfinishedPrefix = ".new-"
    private static let replacedPrefix = ".new-old-"

    private func folder(of ref: ProjectRef, _ functions: String) -> String { "\(root)/\(ref)/\(functions)" }

    private static func removeIfThere(_ path: String) throws {
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }

    private static func write(_ file: FunctionFile, below folder: String) throws {
        let parts = file.path.split(separator: "/")
        if parts.count > 1 {
            try FileManager.default.createDirectory(
                atPath: folder + "/" + parts.dropLast().joined(separator: "/"), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
        }
        let path = folder + "/" + file.path
        try Data(file.bytes).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    }

    private func files<Value>(_ body: () throws -> Value) throws(FunctionError) -> Value {
        do { return try body() } catch { throw .folder(FileFailureText.of(error)) }
    }
}
