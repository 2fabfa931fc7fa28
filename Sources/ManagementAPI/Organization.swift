import HTTPTypes

/// The owner of projects. One organization exists; this file is the only one that knows it.
struct Organization: Sendable, Equatable {
    /// Number that `/platform` answers call `organization_id`.
    let number: Int64
    /// Identifier in paths and bodies.
    let slug: String

    /// The organization of this installation.
    static let `default` = Organization(number: 1, slug: "default")

    /// The organization that a request names by its slug, or by its number as older clients do.
    static func named(slug: String?, number: Int64? = nil) throws(APIError) -> Organization {
        guard let name = slug ?? number.map(String.init) else {
            throw APIError(
                .badRequest,
                "organization_slug is missing: name the organization, which is \"\(Organization.default.slug)\" here")
        }
        guard slug == Organization.default.slug || (slug == nil && number == Organization.default.number) else {
            throw APIError(
                .notFound,
                "there is no organization \"\(name.prefix(slugLengthMax))\": "
                    + "this installation has one, \"\(Organization.default.slug)\"")
        }
        return .default
    }

    /// Characters of an unknown slug that an error repeats.
    private static let slugLengthMax = 64
}
