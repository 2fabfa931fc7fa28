import Logging
import ProjectModel
import Reconciler

/// Template versions of projects, as the loop uses them.
extension ReconcileLoop {
    /// The renderer of the version that the project has. What is wrong with the version itself comes as a
    /// ``TemplateError``: it fails the project, not the pass.
    func renderer(for record: ProjectRecord) async throws -> any StackRenderer {
        do {
            return try await templates.renderer(for: record)
        } catch CatalogError.template(let error) {
            throw error
        } catch CatalogError.store(let error) {
            throw error
        } catch {
            throw TemplateError.broken("\(error)")
        }
    }

    /// Pins a project from before template versions were stored to what is installed, if its containers were made from
    /// that. Otherwise no object is replaced or created until it is upgraded on request: a manager that starts with
    /// another template rolls nothing over.
    func settleVersion(
        of record: ProjectRecord, rendered: DesiredStack, inventory: inout ProjectInventory,
        state: inout PassState
    ) -> DesiredStack {
        // A project on its first start has no containers to keep.
        let isNew = [.provisioning, .starting].contains(record.status)
        guard case .differs(let services) = rendered.match(with: inventory.observed), !isNew else {
            inventory.entries.template = templates.installed[record.stack]?.content.digest
            return rendered
        }
        if !state.saidUnknownVersion { sayUnknownVersion(of: record, services) }
        state.saidUnknownVersion = true
        var adopted = rendered.adopting(inventory.observed)
        for service in rendered.services.keys {
            let container = inventory.observed.container(of: service)
            if let container, ![.dead, .removing].contains(container.state) {
                // What it was made from is not known: nothing is concluded from the image that the template names now.
                adopted.services[service]?.spec.image = ""
                continue
            }
            inventory.verdict.refusals[service] = """
                its container is missing, and the template version that it was made from is not known: upgrade the \
                project with `supamanager projects upgrade \(record.ref)`
                """
        }
        return adopted
    }

    private func sayUnknownVersion(of record: ProjectRecord, _ services: [ServiceName]) {
        logger.warning(
            """
            the template version that a project was made from is not known, and it is not the installed one: \
            nothing of it is replaced until it is upgraded with `supamanager projects upgrade`
            """,
            metadata: [
                "project": "\(record.ref)", "stack": "\(record.stack)",
                "services": "\(services.map(\.text).joined(separator: ", "))",
            ])
    }
}
