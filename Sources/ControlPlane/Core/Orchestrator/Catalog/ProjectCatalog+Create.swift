public import ProjectModel
import Reconciler

/// A request for a new project, not yet checked.
public struct ProjectRequest: Sendable {
    public var name: String
    public var organizationSlug: String
    /// Region label.
    public var region: String
    /// Cloud provider label.
    public var cloudProvider: String
    /// Database password; generated when absent.
    public var databasePassword: Secret<String>?
    /// The stack; the installation's default when absent.
    public var stack: StackName?
    /// Services; the template's default set when absent.
    public var services: [String]?
    /// A deleted project whose kept volumes, and the secrets that open them, the new one gets.
    public var attachVolumesOf: ProjectRef?
    /// The requester's e-mail address.
    public var requestedBy = ""

    public init(
        name: String, organizationSlug: String, region: String = "local", cloudProvider: String = "AWS",
        databasePassword: Secret<String>? = nil, services: [String]? = nil
    ) {
        self.name = name
        self.organizationSlug = organizationSlug
        self.region = region
        self.cloudProvider = cloudProvider
        self.databasePassword = databasePassword
        self.services = services
    }
}

extension ProjectCatalog {
    /// Accepted lengths of a database password.
    public static let passwordLengths = 12...72

    /// Creates a project: record, leases, sealed secrets and first API keys in one transaction. It comes up afterwards.
    public func create(_ request: ProjectRequest) async throws(CatalogError) -> ProjectRecord {
        let name: ProjectName
        do { name = try ProjectName(request.name) } catch { throw .badName(error) }
        let stack = try templates.stack(request.stack)
        let needs = try requirements(request.services, stack.version.renderer)
        let given =
            if let source = request.attachVolumesOf {
                try await inheritedSecrets(of: source, for: request, needs)
            } else {
                try givenSecrets(request.databasePassword, stack.version.renderer)
            }
        try await templates.store(stack.version)
        for attempt in 1...Self.leaseAttemptsMax {
            do {
                return try await insert(name, request: request, stack: stack, needs: needs, given: given)
            } catch .store(.leaseTaken) where attempt < Self.leaseAttemptsMax {
                continue
            } catch {
                throw error
            }
        }
        throw .store(.leaseTaken)
    }

    private func insert(
        _ name: ProjectName, request: ProjectRequest, stack: (name: StackName, version: TemplateLibrary.Installed),
        needs: StackRequirements, given: [String: Secret<String>]
    ) async throws(CatalogError) -> ProjectRecord {
        let ref = drawRef()
        let now = time.now()
        let leases: Leases
        let secrets: SealedSecrets
        do { leases = try await broker.choose(ports: needs.ports, at: now) } catch { throw .leases(error) }
        do { secrets = try minter.mint(needs, for: ref, given: given, at: now) } catch { throw .keys(error) }
        var project = NewProject(
            ref: ref, name: name, organizationSlug: request.organizationSlug, region: request.region,
            cloudProvider: request.cloudProvider, stack: stack.name, template: stack.version.content.digest,
            services: needs.services, leases: leases, secrets: secrets,
            apiKeys: try firstKeys(secrets, of: ref, at: now), requestedBy: request.requestedBy, at: now)
        project.organizationLimit = organizationLimit
        let stored = project
        let record = try await self.stored { () async throws(StoreError) in try await store.insert(stored) }
        if let source = request.attachVolumesOf { try await attach(source, to: ref) }
        await AfterCommit.run { await observer.wake(ref) }
        return record
    }

    private func givenSecrets(
        _ password: Secret<String>?, _ renderer: any StackRenderer
    ) throws(CatalogError) -> [String: Secret<String>] {
        guard let password else { return [:] }
        try checkPassword(password)
        let roles: StackRoles
        do { roles = try renderer.roles() } catch { throw .template(error) }
        guard let variable = roles.secrets[.databasePassword] else {
            throw .badPassword("db_pass cannot be given: the stack of the project has no database password")
        }
        return [variable: password]
    }

    /// The password becomes part of connection URLs in a dozen containers, so characters with a meaning there are
    /// refused.
    func checkPassword(_ password: Secret<String>) throws(CatalogError) {
        let characters = password.reveal().utf8
        guard Self.passwordLengths.contains(characters.count) else {
            throw .badPassword(
                "db_pass must have \(Self.passwordLengths.lowerBound) to \(Self.passwordLengths.upperBound) characters")
        }
        let isSafe = characters.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
        }
        guard isSafe else {
            throw .badPassword(
                "db_pass may contain letters, digits and - . _ ~ only, because it becomes part of connection URLs")
        }
    }
}
