//! crowdfunding
