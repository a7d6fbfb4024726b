"""Every sentence, heading and label of the report, in English; French and Arabic stand in ``locale/``.

After adding or changing one, run ``python -m clew.words.update``: it puts it into the ``.po`` files, where its French
and Arabic go. The tests fail until both are there.
"""

from __future__ import annotations

from clew.words.sentences import Sentence

# Shared by all sentences that list numbers.
AND_MORE = Sentence("and {more} more", "and {more} more", "more")

# The head of the page.
TITLE = Sentence("Report on traced call records")
CASE = Sentence("Case")
STAGE = Sentence("Stage")
WRITTEN = Sentence("Report written")
SOFTWARE = Sentence("Written by")
OTHER_LANGUAGES = Sentence("This report in other languages")
CONTENTS = Sentence("Contents")
LEADS_NOT_VERDICTS = Sentence("Leads, not verdicts")
NO_VERDICT = Sentence(
    "This report says which numbers may belong to the same closed calling group as the numbers named in the warrant. "
    "It says nothing about who used a number, what was said, or whether anybody did wrong. "
    "A person decides about each lead, on other evidence."
)

# At a glance.
GLANCE = Sentence("At a glance")
GLANCE_SEEDS = Sentence("number named in the warrant", "numbers named in the warrant", "n")
GLANCE_NUMBERS = Sentence("number inside the bound", "numbers inside the bound", "n")
GLANCE_LISTED = Sentence("lead listed", "leads listed", "n")
GLANCE_REFUTED = Sentence("ranked number checked that did not hold", "ranked numbers checked that did not hold", "n")
ABOUT = Sentence("about {n}")
GLANCE_CHANCE = Sentence("of them listed by chance, if this case is like those that were simulated")
GLANCE_SUCCESSIONS = Sentence("change of number", "changes of number", "n")

# The warrant.
WARRANT = Sentence("The warrant")
WARRANT_INTRO = Sentence(
    "Everything in this report was traced under this warrant. Its signatures were verified before any record was read."
)
PURPOSE = Sentence("Purpose")
LEGAL_BASIS = Sentence("Legal basis")
AUTHORITY = Sentence("Issuing authority")
WINDOW = Sentence("Window of time")
WINDOW_FROM_TO = Sentence("from {begin} (included) to {end} (not included)")
EXPIRES = Sentence("Expires")
HOPS = Sentence("Hops")
HUB_LIMIT = Sentence("Hub limit")
HUB_LIMIT_VALUE = Sentence(
    "{n} contact; tracing stops at a number with more", "{n} contacts; tracing stops at a number with more", "n"
)
BUDGETS = Sentence("Budgets")
BUDGET_NUMBERS = Sentence("numbers inside the bound of one stage: {count}")
BUDGET_SOURCES = Sentence("operator's lines shown over the whole case: {count}")
BUDGET_ITEMS = Sentence("items asked of the partner: {count}")
BUDGET_ROWS = Sentence("rows opened by the partner: {count}")
BUDGET_DECLARED = Sentence("contacts declared to the partner: {count}")
BUDGET_RECOGNISED = Sentence("numbers recognised with the partner: {count}")
BUDGET_UNMASKINGS = Sentence("numbers unmasked: {count}")
SIGNED_BY = Sentence("Signed by")
DIGEST = Sentence("{hash} of the document")
SEEDS = Sentence("Numbers named in the warrant")
SEED_STATE = Sentence("State")
SEED_USED = Sentence("traced")
SEED_HUB = Sentence("hub: reported, not passed")
SEED_ABSENT = Sentence("occurs in no record of the window")
BLINDED_SEED = Sentence("blinded")

# The account of the imports.
ACCOUNT = Sentence("The account of the imports")
ACCOUNT_INTRO = Sentence(
    "Every unit (line, row or element) of {n} imported file is accounted for; the sums agree.",
    "Every unit (line, row or element) of the {n} imported files is accounted for; the sums agree.",
    "n",
)
ACCOUNT_MISSING = Sentence("The case holds no account of the imports.")
FILE = Sentence("File")
FILE_HASH = Sentence("{hash} of the file")
UNITS = Sentence("Units")
RECORDS = Sentence("Records")
MERGED_LEGS = Sentence("Merged legs")
DUPLICATES = Sentence("Duplicates")
REJECTED = Sentence("Rejected")
HEADER_FOOTER = Sentence("Header and footer")
OUT_OF_SCOPE = Sentence("Out of scope")
TOTAL = Sentence("Total")
RECORDS_BY_KIND = Sentence("Records by kind")
KIND_VOICE = Sentence("answered calls")
KIND_MESSAGE = Sentence("messages")
KIND_MISSED = Sentence("missed calls")
KIND_FORWARDED = Sentence("forwarded calls")
KIND_UNKNOWN = Sentence("of a kind the profile does not know")
FLAGGED = Sentence("Kept and flagged")
FLAG_NEGATIVE_DURATION = Sentence("negative duration, kept as the file has it")
FLAG_TIME_AMBIGUOUS = Sentence("local time that occurs twice")
FLAG_TIME_NONEXISTENT = Sentence("local time that does not exist")
FLAG_SELF = Sentence("both ends are the same number")
FLAG_DURATION_UNREADABLE = Sentence("duration that cannot be read")
FLAG_LEG = Sentence("leg merged into another record")
FLAG_LEGS_DIFFER = Sentence("legs of one call that disagree")
FLAG_IMPOSSIBLE_NUMBER = Sentence("impossible number")
FLAG_KIND_UNKNOWN = Sentence("unknown kind")
FLAG_IDENTIFIER_REUSED = Sentence("operator's identifier that stands at another record too")
DROPPED = Sentence("Values dropped while reading")
DROPPED_CONTENT = Sentence("content")
DROPPED_LOCATION = Sentence("location")
DROPPED_TRAIT = Sentence("traits")
DROPPED_UNMAPPED = Sentence("columns that the profile does not name")
REJECTED_BECAUSE = Sentence("Rejected because")
REJECT_TOO_LONG = Sentence("line that is too long")
REJECT_ENCODING = Sentence("not in the encoding of the file")
REJECT_NUL = Sentence("holds a null character")
REJECT_QUOTATION = Sentence("a quotation that does not end properly")
REJECT_TOO_FEW_FIELDS = Sentence("too few fields")
REJECT_TOO_MANY_FIELDS = Sentence("too many fields")
REJECT_DIRECTION = Sentence("direction that the profile does not know")
REJECT_TIME = Sentence("time that cannot be read")
REJECT_TIME_IMPOSSIBLE = Sentence("no such day or time of day")
REJECT_TIME_RANGE = Sentence("time out of range")
REJECT_NUMBER_TOO_LONG = Sentence("number that is too long")
FOOTERS = Sentence("What the footers claim")
FOOTER_AGREES = Sentence("{file}: {claimed} records, which agrees")
FOOTER_DISAGREES = Sentence("{file}: {claimed} records, which does not agree: there are {found}")
CUT_OFF = Sentence("Perhaps cut off")
CUT_OFF_FILE = Sentence("{file}: the last line has no end")
RECORDS_FROM = Sentence("Records from")
RECORDS_TO = Sentence("Records to")
IMPORTED = Sentence("Imported")
NONE = Sentence("none")
LABEL_COUNT = Sentence("{label}: {count}")

# The bound.
BOUND = Sentence("The bound")
BOUND_INTRO = Sentence(
    "{n} number lies inside the bound of the warrant. It was counted and logged before anything was ranked; "
    "nothing beyond it was looked at.",
    "{n} numbers lie inside the bound of the warrant. They were counted and logged before anything was ranked; "
    "nothing beyond them was looked at.",
    "n",
)
HOP = Sentence("Hop")
NUMBERS = Sentence("Numbers")
PAIRS = Sentence("Pairs of numbers in contact")
HUBS_STOPPED = Sentence("Hubs, at which tracing stopped")
HUB_SEEDS = Sentence("Named numbers that are hubs")
ABSENT_SEEDS = Sentence("Named numbers that occur in no record of the window")
HUBS = Sentence("Hubs")
HUBS_INTRO = Sentence(
    "A hub has more contacts in the window than the warrant allows to pass, as a taxi firm or a bank's hotline has. "
    "Hubs are reported and never ranked."
)

# The joint trace, where there was one.
JOINT = Sentence("The joint trace")
JOINT_INTRO = Sentence(
    "Part of this graph comes out of the records of {partner}. Both sides computed it together; no record was handed "
    "over, except those between unmasked numbers. A number that stands in the partner's records only is shown as a "
    "pseudonym (p:…) until approvers of both sides let it be unmasked."
)
JOINT_ACCOUNT = Sentence("This account is of this side's imports; {partner} keeps the account of its own.")
JOINT_PARTNER = Sentence("Partner")
JOINT_SENT = Sentence("Sent to the partner")
JOINT_RECEIVED = Sentence("Received from the partner")
JOINT_TRAFFIC = Sentence("{n} message, {bytes} bytes", "{n} messages, {bytes} bytes", "n")
JOINT_SNAPSHOT = Sentence("Sealed snapshot of the partner's records")
JOINT_SNAPSHOT_VALUE = Sentence("{bytes} bytes; no row of it opens without the partner")
JOINT_ASKED = Sentence("Asked, padding included")
JOINT_HOP = Sentence("hop {hop}: {items} items named, {rows} rows opened")
JOINT_RECOGNISED = Sentence("Own numbers whose names were asked for")
JOINT_CLEAR = Sentence("Numbers of the graph in the clear")
JOINT_HIDDEN = Sentence("Pseudonyms in the graph")
JOINT_RECORDS = Sentence("Records that came with unmasked numbers")
JOINT_RECEIPT = Sentence("{hash} of the receipt, which the node signed")
JOINT_UNMASKED = Sentence("Unmasked numbers")
JOINT_UNMASKED_INTRO = Sentence(
    "Each was revealed because approvers of both sides signed the request, with its reason; the partner proved that it "
    "is the number behind the pseudonym."
)
JOINT_UNMASKED_NONE = Sentence("No number was unmasked.")
JOINT_PSEUDONYM = Sentence("Pseudonym")
JOINT_WHY = Sentence("Reason given")
JOINT_APPROVED = Sentence("Approved by")
JOINT_ANSWERED = Sentence("Answered")
JOINT_DENIED = Sentence("not in the partner's records")

# The leads.
LEADS = Sentence("Leads")
LEADS_INTRO = Sentence(
    "Listed are the numbers whose probability of belonging to the same closed calling group as the named numbers is at "
    "least {share}."
)
LEADS_NONE = Sentence("No number inside the bound reaches that probability.")
RANK = Sentence("Rank")
NUMBER = Sentence("Number")
PROBABILITY = Sentence("Probability")
CONTACTS = Sentence("Contacts")
REASONS = Sentence("Reasons")
BENIGN = Sentence("What is innocent and fits as well")
RECORDS_BEHIND = Sentence("Records: {records}")
CONTACTS_BEHIND = Sentence("Contacts behind it: {n}")
RECORDS_NAMED = Sentence(
    "Records named behind one reason: {n} at most. All contacts of every number here stand in the case folder, with "
    "their records: {file}."
)
FURTHER_LEADS = Sentence("Further leads")
FURTHER_LEADS_INTRO = Sentence("Their reasons and innocent explanations are in the tables beside this report.")
LATER_STAGE = Sentence(
    "In a later stage the numbers that held have become seeds and left the list, so its highest places are less "
    "reliable than their figures."
)
LEAD_HELD = Sentence("Checked, and it held: {by}, {on}.")
REFUTED = Sentence("Checked, and did not hold")
REFUTED_INTRO = Sentence(
    "{n} ranked number was checked by other evidence and did not hold. It is no lead any more, whatever its "
    "probability: the ranking knows only the calls.",
    "{n} ranked numbers were checked by other evidence and did not hold. They are no leads any more, whatever their "
    "probability: the ranking knows only the calls.",
    "n",
)
NOT_LISTED = Sentence("Ranked and not listed")
NOT_LISTED_INTRO = Sentence(
    "{n} more number inside the bound was ranked and stays below the list. It is no lead.",
    "{n} more numbers inside the bound were ranked and stay below the list. They are no leads.",
    "n",
)
NOT_LISTED_CUT = Sentence(
    "The first {n} is shown; all are in the tables beside this report.",
    "The first {n} are shown; all are in the tables beside this report.",
    "n",
)

# What people decided.
DECISIONS = Sentence("Decisions")
DECISIONS_INTRO = Sentence(
    "What people decided about numbers of this case after checking them, in the order in which it was recorded. "
    "Of each number the latest decision counts."
)
DECISIONS_NONE = Sentence("No decision about a number of this case was recorded.")
DECISION = Sentence("Decision")
DECISION_HELD = Sentence("held")
DECISION_REFUTED = Sentence("did not hold")
DECISION_BY = Sentence("Decided by")
DECISION_ON = Sentence("Decided on")

# The group in a chart and in tables.
GROUP = Sentence("The named numbers and the leads among themselves")
GROUP_CAPTION = Sentence(
    "Inner ring: the named numbers. Outer ring: the leads by rank. A line is a contact in the window; the table below "
    "says the same."
)
GROUP_CUT = Sentence(
    "The chart and the tables below show the first {n} lead.",
    "The chart and the tables below show the first {n} leads.",
    "n",
)
GROUP_SEEDS_CUT = Sentence(
    "Shown here and in the tables below is {n} of {total} named numbers: the one in contact with most of these leads.",
    "Shown here and in the tables below are {n} of {total} named numbers: those in contact with most of these leads.",
    "n",
)
GROUP_ALONE = Sentence(
    "{k} lead stands alone: its contacts are numbers that are not shown here.",
    "{k} leads stand alone: their contacts are numbers that are not shown here.",
    "k",
)
CHART_SEED = Sentence("named number")
CHART_LEAD = Sentence("lead")
SIDE_A = Sentence("One number")
SIDE_B = Sentence("The other")
HOLDER = Sentence("Holder of the records")
HOLDER_OWN = Sentence("own")
CALLS_THERE = Sentence("Calls, first to second")
CALLS_BACK = Sentence("Calls, second to first")
MESSAGES = Sentence("Messages")
MISSED = Sentence("Missed")
TALKED = Sentence("Talked")
FIRST = Sentence("First contact")
LAST = Sentence("Last contact")
WEEK = Sentence("When they were in contact")
WEEK_CAPTION = Sentence(
    "Contacts among these numbers by day of the week and hour, by the wall clock of the original records. "
    "Where several holders recorded a pair, the larger count is taken."
)
DAY = Sentence("Day")

# Successions.
SUCCESSIONS = Sentence("Changes of number")
SUCCESSIONS_INTRO = Sentence(
    "One person may have gone on with another number. The ratio says how many times likelier the records are if the "
    "same person went on with the new number than if they are two persons."
)
SUCCESSIONS_NONE = Sentence("No change of number was found.")
OLD = Sentence("Old")
NEW = Sentence("New")
CHANGED = Sentence("When it changed")
CHANGED_BETWEEN = Sentence("between {begin} and {end}")
RATIO = Sentence("Ratio")
SUPPORT = Sentence("Support")
OVERLAP = Sentence("Overlap of contacts")
SCALE_WEAK = Sentence("weak")
SCALE_MODERATE = Sentence("moderate")
SCALE_MODERATELY_STRONG = Sentence("moderately strong")
SCALE_STRONG = Sentence("strong")

# What the report does not say.
LIMITS = Sentence("What this report does not say")
LIMIT_BOUND = Sentence("Nothing is known here about numbers outside the bound; a member may well be among them.")
LIMIT_PERSON = Sentence("A number is not a person: several people may share one, and one person may use several.")
LIMIT_CONTENT = Sentence("No content, no place and no trait of a person was kept or used.")
LIMIT_ROLE = Sentence("Many contacts do not make a leader; no role is stated.")
LIMIT_STRUCTURE = Sentence(
    "Patterns of calls cannot tell a covert group from a family, a crew or a club. Guilt must come from elsewhere."
)
LIMIT_OPERATOR = Sentence("The records are those the holders gave; what they did not record is missing here as well.")
METHOD = Sentence("Method")

# The log and the tables.
LOG = Sentence("The log")
LOG_INTRO = Sentence(
    "What was done in this case up to this report, in order. Each entry was written before the act and is chained to "
    "the one before it."
)
LOG_INDEX = Sentence("Entry")
LOG_MOMENT = Sentence("Moment")
LOG_KIND = Sentence("What")
LOG_DIGEST = Sentence("Digest")
TABLES = Sentence("Tables beside this report")
TABLES_INTRO = Sentence("The same findings as tables and graph files, written with this report.")
TABLES_TEL = Sentence(
    "In the CSV files a telephone number is written {form}, so that no spreadsheet changes it; in the other files it "
    "stands plain."
)
HOLDS = Sentence("What it holds")
TABLE_VERTICES = Sentence("the numbers inside the bound")
TABLE_PAIRS = Sentence("the pairs in contact, a row a holder")
TABLE_RANKED = Sentence("the ranked numbers with their reasons")
TABLE_SUCCESSIONS = Sentence("the changes of number")
TABLE_GRAPH = Sentence("the traced graph, for programs that draw graphs")
END_OF_REPORT = Sentence("End of the report")

# What the entries of the log announce.
ENTRY_WARRANT_VERIFIED = Sentence("the warrant was verified")
ENTRY_WARRANT_REFUSED = Sentence("a warrant was refused")
ENTRY_WARRANT_REVOKED = Sentence("a revocation of the warrant was taken")
ENTRY_RECORDS_READ = Sentence("records were read")
ENTRY_RECORDS_SOURCE = Sentence("an operator's line was shown")
ENTRY_SOURCE_REFUSED = Sentence("an operator's line was refused")
ENTRY_TRACE_BOUND = Sentence("the numbers inside the bound were counted")
ENTRY_TRACE_REFUSED = Sentence("a trace was refused")
ENTRY_GRAPH_WRITTEN = Sentence("the traced graph was written")
ENTRY_CELLS_FOUND = Sentence("the findings were written")
ENTRY_DECISION_RECORDED = Sentence("decisions about numbers were recorded")
ENTRY_DECISION_REFUSED = Sentence("a decision about a number was refused")
ENTRY_REPORT_WRITTEN = Sentence("a report was written")
ENTRY_EXPORT_WRITTEN = Sentence("tables were exported")
ENTRY_OVERLAP_ASKED = Sentence("a partner was asked how many numbers are common")
ENTRY_OVERLAP_ANSWERED = Sentence("a partner's question about common numbers was answered")
ENTRY_OVERLAP_COUNTED = Sentence("the common numbers were counted")
ENTRY_OVERLAP_AGREED = Sentence("it was agreed to learn which numbers are common")
ENTRY_OVERLAP_LEARNT = Sentence("the common numbers were learnt")
ENTRY_OVERLAP_RECEIVED = Sentence("the partner's references to the common numbers were received")
ENTRY_OVERLAP_REFUSED = Sentence("a partner's letter was refused")
ENTRY_OVERLAP_ENDED = Sentence("an overlap check ended")
ENTRY_OVERLAP_PUBLISHED = Sentence("a set for overlap checks was published")
ENTRY_OVERLAP_RETIRED = Sentence("a set for overlap checks was destroyed")
ENTRY_JOINT_AGREED = Sentence("a person agreed that the own window be read for a joint trace")
ENTRY_JOINT_OFFERED = Sentence("a joint trace was offered to a partner")
ENTRY_JOINT_ACCEPTED = Sentence("a partner's offer of a joint trace was accepted")
ENTRY_JOINT_ORDER = Sentence("both sides agreed on the order of a joint trace")
ENTRY_JOINT_COMMITTED = Sentence("each side fixed its records before the seeds were named")
ENTRY_JOINT_AUTHORISED = Sentence("a warrant for the joint trace was taken")
ENTRY_JOINT_STARTED = Sentence("the joint trace was started")
ENTRY_JOINT_SEEDS_SEALED = Sentence("the warrant's hidden seeds were sealed")
ENTRY_JOINT_SEEDS = Sentence("the sealed seeds were checked and used")
ENTRY_JOINT_RECOGNISE = Sentence("the names of own numbers were asked for")
ENTRY_JOINT_RECOGNISED = Sentence("the names of the tracer's own numbers were given")
ENTRY_JOINT_ASKED = Sentence("the partner was asked about the numbers of a hop")
ENTRY_JOINT_NAMES = Sentence("the names of a hop's numbers were given")
ENTRY_JOINT_ROWS = Sentence("the contacts of a hop's numbers were opened")
ENTRY_JOINT_TRACED = Sentence("the joint graph was complete")
ENTRY_JOINT_UNMASK_ASKED = Sentence("the numbers behind pseudonyms were asked for")
ENTRY_JOINT_UNMASKED = Sentence("the numbers behind pseudonyms were revealed, as both sides approved")
ENTRY_JOINT_REFUSED = Sentence("a message of the partner was refused")
ENTRY_JOINT_PARTNER_REFUSED = Sentence("the partner refused")
ENTRY_JOINT_STOPPED = Sentence("the joint trace was stopped")
ENTRY_JOINT_RECEIPT = Sentence("the receipt of the joint trace was written")
ENTRY_JOINT_CLOSING = Sentence("closing the joint trace began")
ENTRY_JOINT_CLOSED = Sentence("the joint trace was closed and its keys were destroyed")
