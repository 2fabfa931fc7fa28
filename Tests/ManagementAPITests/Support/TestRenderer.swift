import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler

/// The template of the doubles, with the second of the two keys that clients ask for.
struct TestRenderer: StackRenderer {
    let base = FakeRenderer(SampleTemplates.twelve)

    func requirements(services: [String]?) throws(TemplateError) -> StackRequirements {
        var needs = try base.requirements(services: services)
        needs.tokens.append(TokenRequirement(name: "SERVICE_ROLE_KEY", role: "service_role"))
        return needs
    }

    func render(_ project: ProjectRecord, secrets: [String: Secret<String>]) throws(TemplateError) -> DesiredStack {
        try base.render(project, secrets: secrets)
    }

    func apiURL(of leases: Leases) -> String { "http://127.0.0.1:\(leases.ports["GATEWAY_PORT"] ?? 0)" }
}
