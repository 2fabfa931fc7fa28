import FoundationEssentials
public import Orchestrator
import ProjectModel

extension ComposeStackRenderer {
    /// The project as a Compose file, its variables and its files.
    public func export(_ project: ProjectRecord, values: ProjectValues) throws(TemplateError) -> StackExport {
        guard let leases = project.leases else { throw .broken("project \(project.ref) has no ports and no subnet") }
        var markers = ConfidentialMarkers()
        var environment = try publicEnvironment(of: project, leases, values)
        for (name, value) in try confidentialEnvironment(values) { environment[name] = markers.add(name, value) }
        var functionSecrets: [String: Secret<String>] = [:]
        for (name, value) in values.functionEnvironment {
            functionSecrets[name] = Secret(markers.add("FUNCTION_SECRET_" + name, value))
        }
        var compose = try template.project(
            named: project.ref.text, environment: environment, services: Set(project.services.map(\.text)))
        compose.services = compose.services.mapValues { $0.adding(functionSecrets) }
        let marked = PortableCompose(project: compose, imageRegistry: settings.imageRegistry).yaml
        let (yaml, used) = (markers.references(in: marked), markers.used(in: marked))
        var variables = markers.values.filter { used.contains($0.key) }
        variables[ComposeProjectName.variable] = Secret(project.ref.text)
        return StackExport(
            compose: "# Project \(project.ref), as it was exported. The variables are in .env.\n" + yaml,
            environment: variables, files: try files(of: compose, environment, markers))
    }

    /// What the template names, and the configs that are texts.
    private func files(
        of compose: ComposeProject, _ environment: [String: String], _ markers: ConfidentialMarkers
    ) throws(TemplateError) -> [String: [UInt8]] {
        var files = projectFiles
        for (key, config) in compose.configs {
            let text: String
            switch config.source {
            case .file: continue
            case .content(let content): text = content
            case .environment(let variable): text = environment[variable] ?? ""
            }
            files[StackRendering.configPath(key)] = Array(markers.revealed(in: text).utf8)
        }
        return files
    }
}
