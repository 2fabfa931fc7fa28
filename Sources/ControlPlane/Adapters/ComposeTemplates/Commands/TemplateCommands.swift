import Orchestrator

/// The commands `template check` and `template config` without their shell: texts in, texts out.
public enum TemplateCommands {
    /// The output of a command.
    public struct Report: Sendable, Hashable {
        /// For the standard output, ending in a line feed unless empty.
        public var text: String
        /// For the standard error, ending in a line feed unless empty.
        public var notes: String
        /// Whether the command succeeded.
        public var isSuccess: Bool
    }

    /// The forms of `template config`.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        case yaml
        case json
    }

    /// Checks the Compose file `fileName` in `folder` as the manager would use it: it renders two projects with all
    /// services and with those of no profile, with stand-ins for what the manager provides.
    /// - Parameter shownName: The file's name in messages.
    public static func check(folder: String, fileName: String, shownName: String) -> Report {
        do throws(TemplateError) {
            let template = try StackTemplate(folder: folder, fileName: fileName, shownName: shownName)
            let validation = try TemplateValidation(template)
            return Report(
                text: "\(shownName): \(summary(of: validation.project))\n", notes: lines(warnings: validation.warnings),
                isSuccess: true)
        } catch {
            switch error {
            case .broken(let text), .badSelection(let text):
                return Report(text: "", notes: text + "\n", isSuccess: false)
            }
        }
    }

    /// Prints the normalised form of a Compose file, the counterpart of `docker compose config`. What
    /// `TemplatePolicy.standard` would refuse is shown and noted. Variables of the manager without a value get
    /// placeholders.
    /// - Parameters:
    ///   - envFile: name and text of the `.env` file; `environment` wins over it.
    ///   - folderName: name of the file's folder, which names a project that has no other name.
    public static func config(
        text: String, fileName: String, envFile: (name: String, text: String)? = nil,
        environment: [String: String] = [:], projectName: String? = nil, folderName: String? = nil,
        profiles: Set<String> = [], files: TemplateFiles = .none, format: Format = .yaml
    ) -> Report {
        do {
            var given = environment
            if let envFile {
                let values = try DotEnv.parse(envFile.text, fileName: envFile.name, environment: environment)
                given.merge(values) { own, _ in own }
            }
            let manifest = try ComposeLoader.manifest(text: text, fileName: fileName)
            let used = manifest == TemplateManifest() ? [:] : manifest.standIns().filter { given[$0.key] == nil }
            var options = ComposeLoader.Options(
                projectName: projectName ?? given[ComposeProjectName.variable],
                environment: try manifest.settings(overriding: given.merging(used) { own, _ in own }),
                profiles: profiles)
            options.fallbackName = folderName.flatMap(ComposeProjectName.normalized)
            options.files = files
            let refusals = refusals(text: text, fileName: fileName, options: options)
            options.policy = .unrestricted
            let loaded = try ComposeLoader.load(text: text, fileName: fileName, options: options)
            let output = format == .json ? loaded.project.json() + "\n" : loaded.project.yaml()
            return Report(
                text: output, notes: lines(warnings: loaded.warnings + refusals) + note(standIns: used.keys.sorted()),
                isSuccess: true)
        } catch let rejection as TemplateRejection {
            return failure(rejection)
        } catch {
            return Report(text: "", notes: "\(error)\n", isSuccess: false)
        }
    }

    private static func note(standIns: [String]) -> String {
        standIns.isEmpty ? "" : "note: stand-ins take the place of \(standIns.joined(separator: ", "))\n"
    }

    private static func refusals(
        text: String, fileName: String, options: ComposeLoader.Options
    ) -> [TemplateProblem] {
        do {
            _ = try ComposeLoader.load(text: text, fileName: fileName, options: options)
            return []
        } catch { return error.problems.filter { $0.kind == .refused } }
    }

    private static func failure(_ rejection: TemplateRejection) -> Report {
        Report(text: "", notes: lines(warnings: rejection.warnings) + rejection.description + "\n", isSuccess: false)
    }

    private static func lines(warnings: [TemplateProblem]) -> String {
        warnings.map { "warning: \($0)\n" }.joined()
    }

    private static func summary(of project: ComposeProject) -> String {
        let optional = project.services.values.filter { !$0.profiles.isEmpty }.count
        let parts = [
            "\(project.services.count) services (\(optional) in profiles)", "\(project.networks.count) networks",
            "\(project.volumes.count) volumes", "\(project.configs.count) configs",
        ]
        return "ok, " + parts.joined(separator: ", ")
    }
}
