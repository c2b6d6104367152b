//! Youth loans (青农贷, 青扶贷, 青企科创贷): banks and their products, quotas, applications on their way through the offices of the
//! League to a bank, contracts, and the needs of enterprises (金团助青企).
//!
//! Nothing here knows who is signed in or how a name is sealed: `app` says that, and these functions make it true in one
//! transaction. The bank decides and keeps the books; what follows a signed contract follows the bank's figures.
