"""How schemathesis writes bodies that it does not know."""

import schemathesis

# The dump of a database.
schemathesis.serializer.alias("application/sql", "text/plain")
