import ArgumentParser
import FoundationEssentials
import ManagementClient
import ProjectModel

/// `supamanager functions deploy`
struct FunctionsDeployCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Deploy a function from a folder or a file.",
        discussion: """
            The next request runs it. Hidden files and node_modules are left out. In a folder, index.ts runs unless \
            --entrypoint names another file, and deno.json or import_map.json is its import map. In the stack lite \
            modules are not fetched: a function brings all that it imports.
            """)

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Folder of the function, or its only file.")
    var source: String

    @Option(help: "Name in the URL; that of the folder or file by default.")
    var slug: String?

    @Option(help: "The file of the folder that runs.")
    var entrypoint = "index.ts"

    @Flag(help: "Let requests in without a token of the project.")
    var noVerifyJwt = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let upload = try FunctionSource(source).upload(
            slug: slug, entrypoint: entrypoint, verifiesTokens: noVerifyJwt ? false : nil)
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        let function = try await client.deploy(upload, to: ref)
        if output.isJSON { return try session.show(json: function) }
        session.say(
            "Function \(DisplayText.oneLine(function.slug)) of project \(DisplayText.oneLine(detail.name)): version "
                + "\(function.version) is deployed, \(upload.files.count) files.")
    }
}

/// What lies on this machine of a function.
struct FunctionSource {
    /// What the Management API takes of one function.
    private static let filesMax = 100
    private static let bytesMax = 20 << 20
    private static let importMaps = ["deno.json", "import_map.json"]

    private let path: String
    private let isFolder: Bool

    init(_ path: String) throws(ClientError) {
        let whole = URL(filePath: path).path
        guard let type = try? FileManager.default.attributesOfItem(atPath: whole)[.type] as? FileAttributeType,
            type == .typeDirectory || type == .typeRegular
        else { throw .invalid("\(DisplayText.quoted(path)) is no folder and no file") }
        (self.path, isFolder) = (whole, type == .typeDirectory)
    }

    func upload(slug: String?, entrypoint: String, verifiesTokens: Bool?) throws(ClientError) -> FunctionUpload {
        let name = URL(filePath: path).lastPathComponent
        guard isFolder else {
            return FunctionUpload(
                slug: slug ?? String(name.prefix { $0 != "." }), entrypoint: name, verifiesTokens: verifiesTokens,
                files: [name: try bytes(name, of: nil)])
        }
        var files: [String: [UInt8]] = [:]
        try collect("", into: &files)
        guard files[entrypoint] != nil else {
            throw .invalid("\(DisplayText.quoted(path)) has no \(DisplayText.quoted(entrypoint)); see --entrypoint")
        }
        return FunctionUpload(
            slug: slug ?? name, entrypoint: entrypoint, importMap: Self.importMaps.first { files[$0] != nil },
            verifiesTokens: verifiesTokens, files: files)
    }

    private func collect(_ folder: String, into files: inout [String: [UInt8]]) throws(ClientError) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder).sorted()
        } catch { throw .invalid("\(DisplayText.quoted(path + "/" + folder)) cannot be read") }
        for name in names where !name.hasPrefix(".") && name != "node_modules" {
            let relative = folder.isEmpty ? name : folder + "/" + name
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + "/" + relative)
            switch attributes?[.type] as? FileAttributeType {
            case .typeDirectory?: try collect(relative, into: &files)
            case .typeRegular?: files[relative] = try bytes(relative, of: path)
            default: throw .invalid("\(DisplayText.quoted(relative)) is neither a file nor a folder: leave it out")
            }
            guard files.count <= Self.filesMax, files.values.reduce(0, { $0 + $1.count }) <= Self.bytesMax else {
                throw .invalid(
                    "a function has at most \(Self.filesMax) files of \(Self.bytesMax >> 20) MiB together")
            }
        }
    }

    private func bytes(_ name: String, of folder: String?) throws(ClientError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: folder.map { $0 + "/" + name } ?? path) else {
            throw .invalid("\(DisplayText.quoted(name)) cannot be read")
        }
        return Array(data)
    }
}
