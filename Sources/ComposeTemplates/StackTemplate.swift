import FoundationEssentials
public import Orchestrator
import ProjectModel

/// A template folder, read once: its Compose file and what that asks the manager for.
public struct StackTemplate: Sendable {
    /// Name of the Compose file in a template folder.
    public static let fileName = "compose.yaml"
    /// Largest Compose file that is read, in bytes.
    public static let fileBytesMax = 1 << 20

    /// Absolute path of the folder.
    public let folder: String
    /// The Compose file's name in messages.
    let shownName: String
    /// The Compose file's text.
    let text: String
    /// What the template asks for.
    public let manifest: TemplateManifest
    /// The files that projects get copies of.
    let files: TemplateFolder
    /// Hashes of these files' contents when the template was read, by relative path.
    let digests: [String: String]

    /// Reads and checks the template in `folder`.
    /// - Parameters:
    ///   - fileName: The Compose file in it.
    ///   - shownName: The file's name in messages; nil for `fileName`.
    public init(
        folder: String, fileName: String = StackTemplate.fileName, shownName: String? = nil
    ) throws(TemplateError) {
        let path = folder + "/" + fileName
        self.shownName = shownName ?? fileName
        let data: Data?
        do throws(GuardedFolderError) {
            data = try GuardedFolder(path: folder).contents(of: fileName, atMost: Self.fileBytesMax)
        } catch { throw .broken("\(folder): \(error)") }
        guard let data else { throw .broken("there is no readable \(path)") }
        self.folder = folder
        do throws(UTF8Text.Failure) {
            text = try UTF8Text.decode(data)
        } catch { throw .broken("\(path):\(error.line): \(UTF8Text.Failure.reason)") }
        do {
            manifest = try ComposeLoader.manifest(text: text, fileName: self.shownName)
        } catch { throw .broken("\(error)") }
        files = TemplateFolder(path: folder, named: manifest.files)
        digests = try files.digests()
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
        do {
            let settings = try manifest.settings(overriding: environment)
            var options = ComposeLoader.Options(projectName: name, environment: settings, profiles: profiles)
            options.projectFiles = Set(digests.keys)
            options.files = .folder(folder)
            return try ComposeLoader.load(text: text, fileName: shownName, options: options)
        } catch let error as TemplateSettingsError {
            throw .broken("\(shownName): \(TemplateManifest.key): \(error)")
        } catch { throw .broken("\(error)") }
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
