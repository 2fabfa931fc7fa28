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
    /// that. Otherwise nothing of it is replaced or made until it is upgraded on request: a manager that starts with
    /// another template rolls nothing over.
    func settleVersion(
        of record: ProjectRecord, _ rendered: DesiredStack, _ stock: inout Stock, _ memory: inout ProjectMemory,
        as role: ManagerRole
    ) async throws -> DesiredStack {
        // What is coming up for the first time holds nothing that has to stay as it is.
        let isNew = [.provisioning, .starting].contains(record.status)
        guard case .differs(let services) = rendered.match(with: stock.observed), !isNew else {
            if role == .active { try await pin(record) }
            return rendered
        }
        if !memory.saidUnknownVersion {
            memory.saidUnknownVersion = true
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
        var adopted = rendered.adopting(stock.observed)
        for service in rendered.services.keys {
            if let container = stock.observed.container(of: service), ![.dead, .removing].contains(container.state) {
                // What it was made from is not known: nothing is concluded from the image that the template names now.
                adopted.services[service]?.spec.image = ""
                continue
            }
            stock.verdict.refusals[service] = """
                its container is missing, and the template version that it was made from is not known: upgrade the \
                project with `supamanager projects upgrade \(record.ref)`
                """
        }
        return adopted
    }

    private func pin(_ record: ProjectRecord) async throws {
        guard let installed = templates.installed[record.stack] else { return }
        let digest = installed.content.digest
        guard try await store.pin(record.ref, to: digest, at: time.now()) else { return }
        logger.notice(
            "a project is pinned to the template version that it was made from",
            metadata: ["project": "\(record.ref)", "stack": "\(record.stack)", "template": "\(digest.short)"])
    }

    /// Removes template versions that nobody uses any more. One that stays is no harm; the next time finds it.
    func removeUnusedTemplates() async {
        do {
            let removed = try await templates.removeUnused()
            guard !removed.isEmpty else { return }
            logger.info(
                "template versions that no project uses were removed",
                metadata: ["templates": "\(removed.map(\.short).sorted().joined(separator: ", "))"])
        } catch {
            logger.warning("unused template versions are not removed", metadata: ["error": "\(error)"])
        }
    }
}
