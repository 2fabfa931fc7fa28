import ProjectModel
import YAMLKit

/// Loads a Compose file: text in, model or the list of everything that is wrong with it out.
public enum ComposeLoader {
    /// The inputs of a load besides the text.
    public struct Options: Sendable {
        /// The project's name; nil takes the file's `name`.
        public var projectName: String?
        /// The name of a project whose file has none either.
        public var fallbackName: String?
        /// The variables for interpolation. `COMPOSE_PROJECT_NAME` is the project's name unless given here.
        public var environment: [String: String]
        /// The active profiles; `*` stands for all of them.
        public var profiles: Set<String>
        public var policy: TemplatePolicy = .standard
        /// The source of files named by `env_file`.
        public var files: TemplateFiles = .none
        /// The files that a project's folder gets, by relative path; nil where they are not known.
        public var projectFiles: Set<String>?
        /// Whether names and the default network are filled in and references are checked. Off, the model holds what
        /// is written and no more.
        public var normalizes = true

        /// Options for one load.
        public init(projectName: String? = nil, environment: [String: String] = [:], profiles: Set<String> = []) {
            self.projectName = projectName
            self.environment = environment
            self.profiles = profiles
        }
    }

    /// Loads `text`; `fileName` is for messages.
    /// - Throws: `TemplateRejection` with every problem found, each with its place.
    public static func load(
        text: String, fileName: String, options: Options
    ) throws(TemplateRejection) -> LoadedTemplate {
        let log = ProblemLog(file: fileName)
        guard let root = root(of: text, log: log) else { throw log.rejection }
        guard let name = ComposeProjectName.resolve(root, options: options, log: log) else { throw log.rejection }
        var environment = options.environment
        if environment[ComposeProjectName.variable] == nil { environment[ComposeProjectName.variable] = name }
        let values = environment
        let tree = TreeInterpolation(log: log) { values[$0] }.apply(to: root, path: "")
        let reader = ProjectReader(environment: values, files: options.files)
        var project = reader.project(name: name, from: NodeCursor(node: tree, path: "", log: log))
        let lease = values[TemplateManifest.subnetVariable].flatMap { IPv4Network($0) }
        options.policy.check(project, lease: lease, log: log)
        if options.normalizes { ReferenceCheck(project: project, log: log).run() }
        ProfileSelection(active: options.profiles).apply(to: &project, log: log)
        if options.normalizes {
            project.normalize()
            ConflictCheck(project: project, log: log).run()
            options.policy.checkNormalized(
                project, environment: values, files: options.projectFiles, log: log)
        }
        try log.throwIfRejected()
        return LoadedTemplate(project: project, warnings: log.warnings)
    }

    /// Reads what a template asks the manager for, before any variable has a value.
    /// - Throws: `TemplateRejection` when the text is no mapping or its `x-supamanager` is not right.
    public static func manifest(text: String, fileName: String) throws(TemplateRejection) -> TemplateManifest {
        let log = ProblemLog(file: fileName)
        guard let root = root(of: text, log: log) else { throw log.rejection }
        let cursor = NodeCursor(node: root, path: "", log: log)
        let manifest = cursor.child(TemplateManifest.key).map { TemplateManifest(reading: $0) } ?? TemplateManifest()
        try log.throwIfRejected()
        return manifest
    }

    /// The file's mapping; nil after a problem that leaves nothing to check.
    private static func root(of text: String, log: ProblemLog) -> YAMLNode? {
        let start = YAMLMark(line: 1, column: 1)
        do {
            guard let root = try YAMLParser.parse(text) else {
                log.add(.syntax, at: start, path: "", "empty compose file")
                return nil
            }
            guard root.mapping != nil else {
                log.add(.invalid, at: root.mark, path: "", "top-level object must be a mapping, not a \(root.typeName)")
                return nil
            }
            KeyCheck(log: log).run(root, path: "")
            return root
        } catch {
            log.add(.syntax, at: error.mark, path: "", error.reason)
            return nil
        }
    }
}

/// A Compose file that was accepted.
public struct LoadedTemplate: Sendable, Equatable {
    /// The model.
    public let project: ComposeProject
    /// Warnings, such as variables that are not set.
    public let warnings: [TemplateProblem]
}
