import APIKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Body of `POST /platform/projects` and, with its own spelling of two fields, of `POST /v1/projects`. Fields that
/// mean nothing here (compute sizes, plans, …) are ignored.
struct CreateProjectBody: DecodableBody {
    let name: String
    let organizationSlug: String?
    let organizationNumber: Int64?
    let databasePassword: Secret<String>?
    let cloudProvider: String
    let region: String
    let stack: String?
    let services: [String]?
    let attachVolumesOf: String?

    /// Region of projects that name none.
    static let defaultRegion = "local"
    /// Longest accepted region code.
    static let regionLengthMax = 64
    /// Most services that a request may list.
    static let servicesMax = 64
    /// Cloud providers that the contract knows; the first is the default.
    static let cloudProviders = ["AWS", "AWS_K8S", "AWS_NIMBUS", "FLY"]

    private struct RegionSelection: DecodableBody {
        let code: String

        init(fields: BodyReader) throws {
            code = try fields.read("code")
        }
    }

    static let schemaName: String? = "CreateProject"

    init(fields: BodyReader) throws {
        name = try fields.read("name", .text(1...256))
        let slug: String? = try fields.readIfPresent("organization_slug")
        // Read as Double: JSON knows one kind of number, and 1.0 is 1.
        let number: Double? = try fields.readIfPresent("org_id", .integer())
        organizationNumber = number.map { Int64(exactly: $0) ?? 0 }
        let alias: String? = try fields.readIfPresent("organization_id")
        organizationSlug = slug ?? alias
        databasePassword = try fields.secretIfPresent("db_pass", .text(ProjectCatalog.passwordLengths))
        cloudProvider =
            try fields.readIfPresent("cloud_provider", .choice(Self.cloudProviders)) ?? Self.cloudProviders[0]
        let region: String? = try fields.readIfPresent("region")
        let selection: RegionSelection? = try fields.readIfPresent("region_selection")
        self.region = selection?.code ?? region ?? Self.defaultRegion
        stack = try fields.readIfPresent("stack")
        services = try fields.readIfPresent("services")
        attachVolumesOf = try fields.readIfPresent("attach_volumes_of", .ref)
    }

    static let refusals: [Operation.Refusal] = [
        Operation.Refusal(status: .notFound, meaning: "no such organization"),
        Operation.Refusal(
            status: .conflict, meaning: "the name is taken in this organization, or nothing is kept to attach"),
        .noLease,
    ]

    /// The organization that the body names by its slug, or by its number as older clients do.
    private func organization(of caller: Principal) throws(APIError) -> String {
        if let organizationSlug { return organizationSlug }
        if let organizationNumber {
            guard let membership = caller.memberships.first(where: { $0.organizationNumber == organizationNumber })
            else { throw .noOrganization("\(organizationNumber)") }
            return membership.organizationSlug
        }
        let slugs = caller.organizationSlugs.map { "\"\($0)\"" }.joined(separator: ", ")
        throw APIError(.badRequest, "organization_slug is missing: name one of your organizations, \(slugs)")
    }

    /// The request to the catalogue; 400 or 404 for an invalid body.
    func request(for caller: Principal) throws(APIError) -> ProjectRequest {
        let organization = try organization(of: caller)
        guard Self.cloudProviders.contains(cloudProvider) else {
            throw APIError(
                .badRequest, "cloud_provider must be one of \(Self.cloudProviders.joined(separator: ", "))")
        }
        guard Self.isRegion(region) else {
            throw APIError(
                .badRequest,
                "the region must have 1 to \(Self.regionLengthMax) characters: letters a-z, digits and hyphens")
        }
        var request = ProjectRequest(
            name: name, organizationSlug: organization, region: region, cloudProvider: cloudProvider,
            databasePassword: databasePassword, services: try checkedServices())
        request.attachVolumesOf = try attachedProject()
        request.stack = try checkedStack()
        return request
    }

    private func checkedStack() throws(APIError) -> StackName? {
        guard let stack else { return nil }
        guard let name = StackName(stack) else {
            throw APIError(
                .badRequest,
                "stack must be the name of a stack: lower-case letters, digits and hyphens, beginning with a letter")
        }
        return name
    }

    private func attachedProject() throws(APIError) -> ProjectRef? {
        guard let attachVolumesOf else { return nil }
        guard let ref = ProjectRef(attachVolumesOf) else {
            throw APIError(.badRequest, "attach_volumes_of must be the ref of a deleted project: twenty letters a-z")
        }
        return ref
    }

    private func checkedServices() throws(APIError) -> [String]? {
        guard let services else { return nil }
        guard (1...Self.servicesMax).contains(services.count) else {
            throw APIError(
                .badRequest, "services must list 1 to \(Self.servicesMax) services; leave it out for all of them")
        }
        var seen: Set<String> = []
        for service in services {
            guard ServiceName(service) != nil else {
                throw APIError(.badRequest, "services holds something that is not the name of a service")
            }
            guard seen.insert(service).inserted else {
                throw APIError(.badRequest, "services lists \(service) twice")
            }
        }
        return services
    }

    private static func isRegion(_ text: String) -> Bool {
        (1...regionLengthMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }
}
