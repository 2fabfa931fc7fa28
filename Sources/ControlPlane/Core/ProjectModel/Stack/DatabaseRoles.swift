/// The database of a stack that SQL runs on, and its roles.
public struct DatabaseRoles: Sendable, Hashable {
    /// Name of the database.
    public var database: String
    /// The role that SQL of users and clients runs as.
    public var owner: String
    /// A superuser: changes passwords of the other roles and makes login roles.
    public var administrator: String
    /// The role that may read everything and write nothing. Without one, read-only queries run as the owner, in a
    /// transaction that cannot write.
    public var readOnly: String?
    /// The login roles whose password is the secret of ``SecretPurpose/databasePassword``.
    public var sharingPassword: [String]
    /// Schemas that the stack's services or extensions fill, whichever role owns them: their content is not the users'.
    public var serviceSchemas: [String]

    public init(
        database: String, owner: String, administrator: String, readOnly: String? = nil,
        sharingPassword: [String] = [], serviceSchemas: [String] = []
    ) {
        self.database = database
        self.owner = owner
        self.administrator = administrator
        self.readOnly = readOnly
        self.sharingPassword = sharingPassword
        self.serviceSchemas = serviceSchemas
    }
}
