import FoundationEssentials
import FunctionModel
import Orchestrator

/// Where the files of a function lie in its folder, for a router that always runs `index.ts`.
struct FunctionLayout {
    /// The file that the router runs.
    static let entryName = "index.ts"

    /// Folder for the function's files where they cannot lie beside an `index.ts` that is not theirs.
    static let sourceFolder = "source"

    /// All files to write, the marker last.
    let files: [FunctionFile]

    init(_ function: DeployedFunction) throws {
        let description = function.function
        let entry = description.entrypointPath
        // An `index.ts` of its own that is not the entry point keeps its name, one folder further down; all files move
        // there together, so that they find each other as before.
        let isTaken = entry != Self.entryName && function.files.contains { Self.takesEntryName($0.path) }
        let prefix = isTaken ? Self.sourceFolder + "/" : ""
        var files = function.files.map { FunctionFile(path: prefix + $0.path, bytes: $0.bytes) }
        if entry != Self.entryName {
            files.append(FunctionFile(path: Self.entryName, bytes: try Self.importer(of: prefix + entry)))
        }
        let marker = FunctionMarker(
            stamp: description.stamp, version: description.version, verifyJWT: description.verifyJWT,
            entrypointPath: prefix + entry, importMapPath: description.importMapPath.map { prefix + $0 })
        files.append(FunctionFile(path: FunctionPath.markerName, bytes: try Self.json(marker)))
        self.files = files
    }

    private static func takesEntryName(_ path: String) -> Bool {
        path == entryName || path.hasPrefix(entryName + "/")
    }

    /// Runs the entry point, and passes on a default export: the runtime serves its `fetch`.
    private static func importer(of path: String) throws -> [UInt8] {
        // A specifier is a URL reference, in which these characters would end the path.
        let escaped = path.replacing("%", with: "%25").replacing("?", with: "%3F").replacing("#", with: "%23")
        let specifier = String(decoding: try json("./" + escaped), as: UTF8.self)
        let text = """
            // Made by the manager: the function's entry point has another name.
            import * as entry from \(specifier);
            export default entry.default ?? {};

            """
        return Array(text.utf8)
    }

    private static func json(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}

/// What the manager writes beside the files of a function.
struct FunctionMarker: Codable, Equatable {
    /// Changes with every change of the function.
    var stamp: String
    var version: Int
    /// Whether a request needs a token; for the router.
    var verifyJWT: Bool
    /// Path of the entry point in the folder.
    var entrypointPath: String
    /// Path of the import map in the folder; for the router.
    var importMapPath: String?

    private enum CodingKeys: String, CodingKey {
        case stamp, version
        case verifyJWT = "verify_jwt"
        case entrypointPath = "entrypoint_path"
        case importMapPath = "import_map_path"
    }

    /// The marker of a function's folder; nil when it has none, or none that can be read.
    static func read(_ folder: String) -> FunctionMarker? {
        guard let data = FileManager.default.contents(atPath: folder + "/" + FunctionPath.markerName),
            data.count <= TemplateFunctionFolders.markerBytesMax
        else { return nil }
        return try? JSONDecoder().decode(FunctionMarker.self, from: data)
    }
}
