import FoundationEssentials
public import Orchestrator
import ProjectModel
import Synchronization
import TokenKit

/// One content of a stack's template: its Compose file, what that asks the manager for, and the files that it names.
public struct StackTemplate: Sendable {
    /// Name of the Compose file in a template folder.
    public static let fileName = "compose.yaml"
    /// Largest Compose file that is read, in bytes.
    public static let fileBytesMax = 1 << 20

    /// All files, whole, under their digest.
    public let content: TemplateContent
    /// The Compose file's name in messages.
    let shownName: String
    /// The Compose file's text.
    let text: String
    /// The template's requirements.
    public let manifest: TemplateManifest
    /// The files that projects get copies of, by relative path.
    let projectFiles: [String: [UInt8]]
    /// The names under which it declares what the manager works with.
    let roles: StackRoles
    /// Hashes of these files' contents, by relative path.
    let digests: [String: String]

    /// Reads and checks the template in `folder`.
    /// - Parameters:
    ///   - fileName: The Compose file in it.
    ///   - shownName: The file's name in messages; nil for `fileName`.
    public init(
        folder: String, fileName: String = StackTemplate.fileName, shownName: String? = nil
    ) throws(TemplateError) {
        let path = folder + "/" + fileName
        let data: Data?
        do throws(GuardedFolderError) {
            data = try GuardedFolder(path: folder).contents(of: fileName, atMost: Self.fileBytesMax)
        } catch { throw .broken("\(folder): \(error)") }
        guard let data else { throw .broken("there is no readable \(path)") }
        let source = try Source(bytes: Array(data), shownName: shownName ?? fileName, errorName: path)
        var files = try TemplateFolder(path: folder, named: source.manifest.files).contents()
        files.merge(try source.filesRead(in: folder, projectFiles: Set(files.keys))) { first, _ in first }
        files[Self.fileName] = Array(data)
        try self.init(content: try TemplateContent(files: files), source: source)
    }

    /// Reads and checks a content, as it was on disk once.
    public init(content: TemplateContent) throws(TemplateError) {
        guard let bytes = content.files[Self.fileName] else { throw .broken("there is no \(Self.fileName) in it") }
        let source = try Source(bytes: bytes, shownName: Self.fileName, errorName: Self.fileName)
        try self.init(content: content, source: source)
    }

    private init(content: TemplateContent, source: Source) throws(TemplateError) {
        self.content = content
        shownName = source.shownName
        text = source.text
        manifest = source.manifest
        let named = manifest.files
        projectFiles = content.files.filter { path, _ in
            named.contains { path == $0 || path.hasPrefix($0 + "/") }
        }
        var digests: [String: String] = [:]
        do {
            for (path, bytes) in projectFiles { digests[path] = Hex.encode(try Digest.sha256(bytes)) }
        } catch { throw .broken("\(error)") }
        self.digests = digests
        roles = try Self.roles(of: source, content.files, projectFiles: Set(digests.keys))
    }

    /// What the manifest declares, the version of the database by its image's tag, and the variables of functions.
    private static func roles(
        of source: Source, _ files: [String: [UInt8]], projectFiles: Set<String>
    ) throws(TemplateError) -> StackRoles {
        var roles = source.manifest.stackRoles
        guard roles.services[.database] != nil || roles.services[.functions] != nil else { return roles }
        let loaded = try source.load(
            named: "a", environment: source.manifest.standIns(), profiles: ["*"], projectFiles: projectFiles,
            files: stored(files))
        let services = loaded.project.services
        roles.databaseVersion = roles.services[.database].flatMap { services[$0.text]?.image }.flatMap(tag)
        roles.functionVariables = Set(
            services.values.filter { $0.manifest.environment == .functionSecrets }.flatMap(\.environment.keys))
        return roles
    }

    /// The tag of an image reference, where it has one.
    private static func tag(of image: String) -> String? {
        guard let colon = image.lastIndex(of: ":"), !image[colon...].contains("/") else { return nil }
        return String(image[image.index(after: colon)...])
    }

    /// The files of a content, as `env_file` names them.
    private static func stored(_ files: [String: [UInt8]]) -> TemplateFiles {
        TemplateFiles { path in
            guard let bytes = files[path] else { return nil }
            return try UTF8Text.decode(Data(bytes))
        }
    }

    /// The Compose model with all variables put in; `services` nil leaves those of no profile.
    func project(
        named name: String, environment: [String: String], services: Set<String>?
    ) throws(TemplateError) -> ComposeProject {
        let loaded = try load(named: name, environment: environment, profiles: services == nil ? [] : ["*"])
        guard let lease = environment[TemplateManifest.subnetVariable].flatMap({ IPv4Network($0) }) else {
            throw .broken("a project has no subnet")
        }
        let project: ComposeProject
        do { project = try loaded.project.assigningSubnets(within: lease) } catch { throw .broken("\(error)") }
        guard let services else { return project.withoutUnusedResources() }
        do {
            return try project.selecting(services: services).withoutUnusedResources()
        } catch { throw .badSelection("\(error)") }
    }

    /// The file as it is loaded for a project, with the services of `profiles`.
    func load(
        named name: String, environment: [String: String], profiles: Set<String>
    ) throws(TemplateError) -> LoadedTemplate {
        try Source(text: text, shownName: shownName, manifest: manifest).load(
            named: name, environment: environment, profiles: profiles, projectFiles: Set(digests.keys),
            files: Self.stored(content.files))
    }
}

// MARK: Reading

extension StackTemplate {
    /// A Compose file before the files that it names are known.
    fileprivate struct Source {
        let text: String
        let shownName: String
        let manifest: TemplateManifest
    }
}

extension StackTemplate.Source {
    /// - Parameter errorName: The file's name where it is no text.
    init(bytes: [UInt8], shownName: String, errorName: String) throws(TemplateError) {
        let text: String
        do throws(UTF8Text.Failure) {
            text = try UTF8Text.decode(Data(bytes))
        } catch { throw .broken("\(errorName):\(error.line): \(UTF8Text.Failure.reason)") }
        do {
            self.init(
                text: text, shownName: shownName,
                manifest: try ComposeLoader.manifest(text: text, fileName: shownName))
        } catch { throw .broken("\(error)") }
    }

    func load(
        named name: String, environment: [String: String], profiles: Set<String>, projectFiles: Set<String>,
        files: TemplateFiles
    ) throws(TemplateError) -> LoadedTemplate {
        do {
            let settings = try manifest.settings(overriding: environment)
            var options = ComposeLoader.Options(projectName: name, environment: settings, profiles: profiles)
            options.projectFiles = projectFiles
            options.files = files
            return try ComposeLoader.load(text: text, fileName: shownName, options: options)
        } catch let error as TemplateSettingsError {
            throw .broken("\(shownName): \(TemplateManifest.key): \(error)")
        } catch { throw .broken("\(error)") }
    }

    /// The files in `folder` that loading reads, as `env_file` names them.
    func filesRead(in folder: String, projectFiles: Set<String>) throws(TemplateError) -> [String: [UInt8]] {
        let found = Mutex<[String: [UInt8]]>([:])
        let files = TemplateFiles.folder(folder)
        let noting = TemplateFiles { path in
            guard let text = try files.read(path) else { return nil }
            found.withLock { $0[path] = Array(text.utf8) }
            return text
        }
        _ = try load(
            named: "a", environment: manifest.standIns(), profiles: ["*"], projectFiles: projectFiles, files: noting)
        return found.withLock { $0 }
    }
}

extension TemplateContent {
    /// A content of these files. The digest is over names and contents, each with its length before it, in the order of
    /// the names.
    init(files: [String: [UInt8]]) throws(TemplateError) {
        guard files.count <= Self.filesMax else { throw .broken("it has over \(Self.filesMax) files") }
        let size = files.values.reduce(0) { $0 + $1.count }
        guard size <= Self.bytesMax else {
            throw .broken("its files have \(size) bytes together, and \(Self.bytesMax) is the most")
        }
        var text: [UInt8] = []
        text.reserveCapacity(size + files.count * 64)
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            text += Array("\(path.utf8.count) \(path) \(bytes.count) ".utf8)
            text += bytes
        }
        do {
            guard let digest = TemplateDigest(Hex.encode(try Digest.sha256(text))) else {
                throw TemplateError.broken("its digest is none")
            }
            self.init(digest: digest, files: files)
        } catch let error as TemplateError { throw error } catch { throw .broken("\(error)") }
    }
}
