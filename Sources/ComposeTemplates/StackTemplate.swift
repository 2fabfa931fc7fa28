import FoundationEssentials
public import Orchestrator

/// A template folder, read once: its Compose file and what that asks the manager for.
public struct StackTemplate: Sendable {
    /// Name of the Compose file in a template folder.
    public static let fileName = "compose.yaml"
    /// Largest Compose file that is read, in bytes.
    public static let fileBytesMax = 1 << 20

    /// Absolute path of the folder.
    public let folder: String
    /// The Compose file's text.
    let text: String
    /// What the template asks for.
    public let manifest: TemplateManifest
    /// The files that projects get copies of.
    let files: TemplateFolder
    /// Hashes of these files' contents when the template was read, by relative path.
    let digests: [String: String]

    /// Reads and checks the template in `folder`.
    public init(folder: String) throws(TemplateError) {
        let path = folder + "/" + Self.fileName
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .broken("there is no readable \(path)")
        }
        guard data.count <= Self.fileBytesMax else {
            throw .broken("\(path) is larger than \(Self.fileBytesMax) bytes")
        }
        self.folder = folder
        text = String(decoding: data, as: UTF8.self)
        do {
            manifest = try ComposeLoader.manifest(text: text, fileName: Self.fileName)
        } catch { throw .broken("\(error)") }
        files = TemplateFolder(path: folder, named: manifest.files)
        digests = try files.digests()
    }

    /// The Compose model with all variables put in; `services` nil leaves those of no profile.
    func project(
        named name: String, environment: [String: String], services: Set<String>?
    ) throws(TemplateError) -> ComposeProject {
        let loaded: LoadedTemplate
        do {
            let settings = try manifest.settings(overriding: environment)
            loaded = try ComposeLoader.load(
                text: text, fileName: Self.fileName,
                options: ComposeLoader.Options(
                    projectName: name, environment: settings, profiles: services == nil ? [] : ["*"]))
        } catch { throw .broken("\(error)") }
        guard let services else { return loaded.project.withoutUnusedResources() }
        do {
            return try loaded.project.selecting(services: services).withoutUnusedResources()
        } catch { throw .badSelection("\(error)") }
    }

    /// The tag of a service's image, where it has one.
    public func imageTag(of service: String) throws(TemplateError) -> String? {
        let project = try project(named: "a", environment: manifest.standIns(), services: nil)
        guard let image = project.services[service]?.image, let colon = image.lastIndex(of: ":"),
            !image[colon...].contains("/")
        else { return nil }
        return String(image[image.index(after: colon)...])
    }
}
